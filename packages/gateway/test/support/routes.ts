import { toRoute, type Route } from '../../src/routes';
import type { RouteConfig } from '../../src/config/schema';

/** A route of an installation that serves example.com and example.net. */
export function route(name: string, over: Partial<RouteConfig> = {}): Route {
  const given = { name, host: '192.0.2.10', port: 5060, transport: 'tcp', dialect: 'microsoft', variant: 'lync', presence: 'msrtc', approval: 'answer' } as const;
  const rest = { streamOnly: false, srv: false, messageStatus: 200, enabled: true, users: ['*'], priority: 0, weight: 0 } as const;
  return toRoute({ ...given, ...rest, users: ['*'], ...over }, ['example.com', 'example.net']);
}
