import { join } from 'node:path';
import type { Build } from './build';
import { ROOT } from './compose';
import type { Service } from './compose';
import { placeOf } from './dockerfile';
import type { CopyStep, Stage } from './dockerfile';

/** A file or folder of this machine that a container sees under another path, read-only unless said otherwise. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable?: boolean;
}

/** What an image adds to this machine's Debian, and what it says about itself. */
export interface Image {
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[] | undefined;
}

const NOTHING: Image = { mounts: [], environment: {}, user: undefined, workdir: '/', entrypoint: [], command: [], healthcheck: undefined };
/** sipd in the place of drachtio: it takes drachtio's command line. */
const DRACHTIO: Mount = { source: join(__dirname, 'drachtio.cjs'), target: '/usr/local/bin/drachtio' };
/** What base images bring that Debian's packages do not, or not there. The others' programs are those of the packages. */
const BASES: readonly (readonly [RegExp, readonly Mount[]])[] = [
  [/^node:/, [{ source: process.execPath, target: '/usr/local/bin/node' }]],
  [/^drachtio\//, [DRACHTIO]],
  [/^(debian|redis|haproxy):/, []],
];

/** Path of a service's Dockerfile in the project. */
export function dockerfileOf({ build }: Service): string | undefined {
  if (build === undefined) return undefined;
  return typeof build === 'string' ? join(build, 'Dockerfile') : join(build.context, build.dockerfile ?? 'Dockerfile');
}

/** The image of a service, made of its Dockerfile's steps or, where it is a published one, of this machine's packages. */
export function imageOf(service: Service, built: Build | undefined): Image {
  const { image = '', build } = service;
  if (build === undefined || built === undefined) return { ...NOTHING, mounts: brought(image) };
  const { context, target } = typeof build === 'string' ? { context: build, target: undefined } : build;
  const stage = built.stages.find(({ name }) => name === target) ?? built.stages.at(-1);
  if (stage === undefined) throw new Error(`there is no stage in the Dockerfile of ${context}`);
  const copies = stage.steps.flatMap((step) => (step.is === 'copy' ? copied(step, context, built) : []));
  return { ...stage, mounts: [...brought(stage.from), ...copies] };
}

function brought(image: string): readonly Mount[] {
  const base = BASES.find(([pattern]) => pattern.test(image));
  if (base === undefined) throw new Error(`nothing is known of the image ${image}`);
  return base[1];
}

function copied(step: CopyStep, context: string, built: Build): readonly Mount[] {
  return step.sources.map((source) => ({
    source: step.from === undefined ? join(ROOT, context, source) : built.find(step.from, source),
    target: placeOf(step, source),
  }));
}

/** What a container of this service runs: the file's words before the image's (Compose Specification, entrypoint and command). */
export const commandOf = (service: Service, image: Image): readonly string[] => [
  ...(service.entrypoint ?? image.entrypoint),
  ...(service.command ?? (service.entrypoint === undefined ? image.command : [])),
];

export type { Stage };
