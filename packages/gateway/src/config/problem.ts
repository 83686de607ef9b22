/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  /** Where in the file, e.g. `routes.0.port`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}
