import type { Simulation } from './simulation';

/** What must hold in every story: each law gives what is wrong, in words. */
export function outcomesWrong({ said, far, owed, crashes: deaths, lostLives, server }: Simulation): string[] {
  const wrong: string[] = [];
  const crashes = deaths + lostLives;
  for (const ids of said.values()) {
    const counts = ids.map((id) => (far.taken.get(id) ?? 0) + Math.min(1, far.bounced.get(id) ?? 0));
    ids.forEach((id, n) => {
      if (owed.has(id) && counts[n] === 0) wrong.push(`${id} has no outcome`);
      if (crashes === 0 && (far.bounced.get(id) ?? 0) > 1) wrong.push(`${id} came back twice`);
    });
    // What is refused has no record by which another worker could know it.
    const mayDouble = (id = ''): boolean => server !== undefined && server.refused.has(id) && server.again.has(id);
    const doubled = counts.reduce((sum, count, n) => sum + (mayDouble(ids[n]) ? 0 : Math.max(0, count - 1)), 0);
    if (doubled > crashes) wrong.push(`${doubled} outcomes too many of ${ids[0]}..., with ${crashes} crashes`);
  }
  return wrong;
}

export function deliveriesWrong({ written, far, crashes, lostLives }: Simulation): string[] {
  const wrong: string[] = [];
  for (const [pair, ids] of written) {
    const delivered = far.delivered.get(pair.user) ?? [];
    for (const id of ids) {
      const copies = delivered.filter(({ text }) => text === id);
      if (copies.length === 0) wrong.push(`${id} was not delivered`);
      if (crashes + lostLives === 0 && copies.length > 1) wrong.push(`${id} was delivered ${copies.length} times`);
      if (new Set(copies.map((copy) => copy.id)).size > 1) wrong.push(`${id} was delivered under several stanza ids`);
    }
  }
  return wrong;
}

/** In the order in which they came first. */
const firsts = (texts: readonly string[]): string[] => [...new Set(texts)];

export function orderWrong({ said, written, far }: Simulation): string[] {
  const wrong: string[] = [];
  const compare = (got: readonly string[], sent: readonly string[]): void => {
    const wanted = sent.filter((id) => got.includes(id));
    if (got.join() !== wanted.join()) wrong.push(`${got.join()} instead of ${wanted.join()}`);
  };
  for (const [pair, ids] of said) compare(firsts(far.arrived.get(pair.user) ?? []), ids);
  for (const [pair, ids] of written) compare(firsts((far.delivered.get(pair.user) ?? []).map(({ text }) => text)), ids);
  return wrong;
}

export async function leftWrong(simulation: Simulation): Promise<string[]> {
  const { pending, inFlight } = simulation.leftovers;
  const left = await simulation.recordsLeft();
  const inWorkers = pending + inFlight === 0 ? [] : [`${pending} events pending, ${inFlight} effects running`];
  const kept = simulation.server?.kept ?? 0;
  const inServer = kept === 0 ? [] : [`the XMPP server still keeps ${kept} texts`];
  return [...inWorkers, ...inServer, ...Object.entries(left).map(([key, record]) => `${key} is left: ${JSON.stringify(record)}`)];
}

/** A text whose outcome is known must not be given to the SIP side anew. */
export const stepsWrong = ({ steps }: Simulation): readonly string[] => [...steps.doubled];

/** All that is wrong in a story that has been played. */
export async function allWrong(story: Simulation): Promise<readonly string[]> {
  const found = [outcomesWrong, stepsWrong, deliveriesWrong, orderWrong].flatMap((law) => law(story));
  return [...found, ...story.unfenced, ...story.errors.map(String), ...(await leftWrong(story))];
}
