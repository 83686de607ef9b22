import type { Mount } from './image';

/** What a container sees and may do. */
export interface Jail {
  readonly name: string;
  readonly mounts: readonly Mount[];
  /** Paths of its memory file systems, with their mount options. */
  readonly tmpfs: readonly string[];
  readonly readOnly: boolean;
  readonly command: readonly string[];
  /** What a command is written behind to run as its user. */
  readonly identity: readonly string[];
}

export interface Rights {
  /** `uid:gid`; undefined: root. */
  readonly user: string | undefined;
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly capDrop: readonly string[];
  readonly capAdd: readonly string[];
  readonly noNewPrivileges: boolean;
}

/** What a container engine leaves to root in a container unless told otherwise. */
const USUAL = ['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'net_bind_service', 'net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'];
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The command that gives up root's rights and the environment, and becomes the container's user. */
export function identityOf({ user, workdir, environment, capDrop, capAdd, noNewPrivileges }: Rights): readonly string[] {
  if (capDrop.some((name) => name !== 'ALL')) throw new Error('of cap_drop only ALL is known here');
  const kept = [...(capDrop.includes('ALL') ? [] : USUAL), ...capAdd.map((name) => name.toLowerCase())];
  const [uid, gid = uid] = user?.split(':') ?? [];
  return [
    'setpriv', `--bounding-set=${['-all', ...kept.map((name) => `+${name}`)].join(',')}`, '--inh-caps=-all',
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
    ...(uid === undefined ? [] : ['--reuid', uid, '--regid', gid ?? uid, '--clear-groups']),
    'env', '-i', `--chdir=${workdir}`,
    ...Object.entries({ PATH: DEFAULT_PATH, ...environment }).map(([name, value]) => `${name}=${value}`),
  ];
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

/**
 * Shell commands for the first process of new namespaces, as root: build the container's file system over this machine's, which
 * stays as it is, and become what runs in it. `work` is an empty folder that nobody else uses.
 */
export function jailScript(jail: Jail, work: string): string {
  const root = `${work}/root`;
  const mounts = jail.mounts.flatMap(({ source, target, writable = false }) => [
    `place ${quoted([source, root + target])}`,
    ...(writable ? [] : [`mount -o remount,bind,ro ${quoted([root + target])}`]),
  ]);
  const memory = jail.tmpfs.map((entry) => {
    const [path = '', options = ''] = entry.split(':');
    return `mkdir -p ${quoted([root + path])}; mount -t tmpfs ${options === '' ? '' : `-o ${quoted([options])}`} tmpfs ${quoted([root + path])}`;
  });
  return `set -e
place() { if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")"; rm -f "$2"; touch "$2"; fi; mount --bind "$1" "$2"; }
mount --make-rprivate /
mount -t tmpfs tmpfs ${quoted([work])}
cd ${quoted([work])}; mkdir upper overlay root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=overlay root
mount --rbind /dev root/dev
mount -t proc proc root/proc
${[...mounts, ...memory].join('\n')}
${jail.readOnly ? 'mount -o remount,ro root' : ''}
hostname ${quoted([jail.name])}
exec chroot root ${quoted([...jail.identity, ...jail.command])}
`;
}
