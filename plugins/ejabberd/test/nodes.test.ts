import { Ejabberd } from '../../../scenarios/support/ejabberd';
import { benchOptions, GATEWAY } from '../../test/support/bench';

let server: Ejabberd;
beforeAll(async () => (server = await Ejabberd.start(benchOptions([]))));
afterAll(() => server.stop());

const tellsHub = (event: string): Promise<string> => server.evaluate(`gen_mod:get_module_proc(<<"${GATEWAY}">>, mod_isthmus_hub) ! {mnesia_system_event, ${event}}`);

test('promise 8: a second node of a cluster comes up: the log says that it is not supported, and what to do', async () => {
  await tellsHub('{mnesia_up, node()}');
  await tellsHub("{mnesia_up, 'ejabberd@second'}");
  const line = await server.logLine(/A cluster of ejabberd nodes is not supported/);
  expect(line).toMatch(/\[error\].*node ejabberd@second is up beside .*Let one node serve the domain/);
  expect(server.log.match(/A cluster of ejabberd nodes/g)).toHaveLength(1);
});

test('it is told by the database itself, not only by this test', async () => {
  expect(await server.evaluate(`lists:member(whereis(gen_mod:get_module_proc(<<"${GATEWAY}">>, mod_isthmus_hub)), mnesia:system_info(subscribers))`)).toBe('true');
});
