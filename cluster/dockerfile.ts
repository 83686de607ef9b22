import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DockerfileParser, From } from 'dockerfile-ast';
import type { Copy, Instruction } from 'dockerfile-ast';

export interface CopyStep {
  readonly is: 'copy';
  /** The stage that it comes from; undefined: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  /** Absolute; a folder where it ends with a slash. */
  readonly target: string;
}

export interface RunStep {
  readonly is: 'run';
  readonly command: string;
}

/** One stage of a Dockerfile: what is done, and what an image made of it says about itself. */
export interface Stage {
  readonly name: string;
  /** An image, or an earlier stage. */
  readonly from: string;
  readonly steps: readonly (CopyStep | RunStep)[];
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** As in a compose file. */
  readonly healthcheck: readonly string[] | undefined;
}

type Open = { -readonly [K in keyof Stage]: Stage[K] } & { steps: (CopyStep | RunStep)[] };

const json = (text: string): readonly string[] => JSON.parse(text) as readonly string[];
const absolute = (workdir: string, path: string): string => (path.startsWith('/') ? path : join(workdir, path) + (path.endsWith('/') ? '/' : ''));

/** The stages of a file in their order. A stage without a name has its number. */
export function readDockerfile(path: string): readonly Stage[] {
  const text = readFileSync(path, 'utf8');
  const stages: Open[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) stages.push(opened(instruction, stages));
    else note(stages.at(-1), instruction);
  }
  return stages;
}

function opened(instruction: From, stages: readonly Stage[]): Open {
  const from = instruction.getImage() ?? '';
  const base = stages.find(({ name }) => name === from);
  const { workdir = '/', environment = {}, user, entrypoint = [], command = [], healthcheck } = base ?? {};
  return { name: instruction.getBuildStage() ?? `${stages.length}`, from, steps: [], workdir, environment, user, entrypoint, command, healthcheck };
}

function note(stage: Open | undefined, instruction: Instruction): void {
  if (stage === undefined) throw new Error(`${instruction.toString()} stands before FROM`);
  const text = instruction.getArgumentsContent() ?? '';
  const words = instruction.getArguments().map((argument) => argument.getValue());
  switch (instruction.getKeyword()) {
    case 'COPY':
      return void stage.steps.push(copied(stage, instruction as Copy, words));
    case 'RUN':
      return void stage.steps.push({ is: 'run', command: text.replace(/\\\n/g, '') });
    case 'ENV':
      stage.environment = { ...stage.environment, ...Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string])) };
      return;
    case 'WORKDIR':
      stage.workdir = absolute(stage.workdir, text);
      return;
    case 'USER':
      stage.user = text;
      return;
    case 'ENTRYPOINT':
      stage.entrypoint = json(text);
      return;
    case 'CMD':
      stage.command = json(text);
      return;
    case 'HEALTHCHECK':
      stage.healthcheck = ['CMD', ...json(/(?<=CMD\s+)\[.*\]/s.exec(text)?.[0] ?? '[]')];
      return;
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${instruction.getKeyword()} is not known here`);
  }
}

function copied(stage: Stage, instruction: Copy, words: readonly string[]): CopyStep {
  const target = absolute(stage.workdir, words.at(-1) ?? '');
  return { is: 'copy', from: instruction.getFromFlag()?.getValue() ?? undefined, sources: words.slice(0, -1), target };
}

/** Where one source of a COPY ends up: a folder's contents go into the target, a file under its name if the target is a folder. */
export const placeOf = ({ target }: CopyStep, source: string): string => (target.endsWith('/') ? join(target, basename(source)) : target);
