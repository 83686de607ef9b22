import fc from 'fast-check';
import { parse } from 'ltx';
import { answerIq, readStanza, writeStanza, type StanzaContext } from '../../src';
import type { Pair } from '@isthmus/model';

const CONTEXT: StanzaContext = { at: 1000, trace: 't1', newId: () => 'made', maxTextBytes: 100 };
const NODE = 'http://jabber.org/protocol/activity';
const PHONE = `<activity xmlns='${NODE}'><talking><on_the_phone/></talking><text>call me later</text></activity>`;

const event = (content: string) => `<event xmlns='http://jabber.org/protocol/pubsub#event'>${content}</event>`;
const items = (content: string, node = NODE) => event(`<items node='${node}'>${content}</items>`);
const news = (content: string, type = 'headline', from = 'ann@example.com') =>
  readStanza(parse(`<message type='${type}' from='${from}' to='bob@example.com/sip' id='n1'>${content}</message>`), CONTEXT);
const told = (...children: string[]) => {
  const reading = news(children.join(''));
  return reading.is === 'event' && reading.event.on === 'xmpp.activity' ? (reading.event.activity ?? 'none') : reading;
};

describe('what a user does (XEP-0108), told by her server (XEP-0163)', () => {
  test('the event is that of the pair', () => {
    expect(news(items(`<item id='current'>${PHONE}</item>`))).toEqual({
      is: 'event',
      pair: { user: 'ann@example.com', contact: 'bob@example.com' },
      event: { on: 'xmpp.activity', activity: 'talking/on_the_phone', at: 1000, trace: 't1' },
    });
  });

  test.each([
    ['a general activity', items(`<item><activity xmlns='${NODE}'><working/></activity></item>`), 'working'],
    ['none any more (XEP-0108 example 3)', items(`<item id='current'><activity xmlns='${NODE}'/></item>`), 'none'],
    ['the item is taken back', items("<retract id='current'/>"), 'none'],
    ['all items are gone', event(`<purge node='${NODE}'/>`), 'none'],
    ['the node is gone', event(`<delete node='${NODE}'/>`), 'none'],
    ['an item without its content', items("<item id='current'/>"), 'none'],
    ['a name that is none', items(`<item><activity xmlns='${NODE}'><a.b/></activity></item>`), 'none'],
    ['an activity of another namespace', items("<item><activity xmlns='urn:example'><talking/></activity></item>"), 'none'],
  ])('%s', (_name, content, activity) => {
    expect(told(content)).toBe(activity);
  });

  test.each([
    ['another node', items(`<item>${PHONE}</item>`, 'http://jabber.org/protocol/tune')],
    ['the node has other settings (XEP-0060 section 8.2)', event(`<configuration node='${NODE}'/>`)],
    ['an event about nothing', event('')],
    ['no event', PHONE],
  ])('%s is no news of it', (_name, content) => {
    expect(told(content)).toEqual({ is: 'ignore', why: 'headline' });
  });

  test("promise 5: only the user's server speaks so, not a client, and only in a headline", () => {
    const item = items(`<item>${PHONE}</item>`);
    expect(news(item, 'headline', 'ann@example.com/desk').is).toBe('ignore');
    expect(news(item, 'normal').is).toBe('ignore');
  });

  test('promise 7: whatever is inside, it is read or left', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc_.-1é') , minLength: 1, maxLength: 80 }), (name) => {
        const content = parse(items('<item/>'));
        content.getChild('items')?.getChild('item')?.c('activity', { xmlns: NODE }).c(name);
        const message = parse("<message type='headline' from='ann@example.com' to='bob@example.com/sip'/>");
        message.cnode(content);
        const reading = readStanza(message, CONTEXT);
        expect(reading).toMatchObject({ is: 'event', event: { on: 'xmpp.activity' } });
      }),
    );
  });
});

test('XEP-0115, XEP-0163: the capabilities of every contact ask for activities, and service discovery says so', () => {
  const presence = writeStanza({ key: 'k', trace: 't', do: 'xmpp.presence', presence: { setting: 'available' } }, { user: 'ann@example.com', contact: 'bob@example.com' } as Pair);
  const { node, ver } = presence.getChild('c')?.attrs ?? {};
  const query = parse(`<iq type='get' id='disco' from='ann@example.com' to='bob@example.com/sip'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}#${ver}'/></iq>`);
  const answer = answerIq(query, { gateway: 'gw.example.com', name: 'isthmus', version: '0' });
  const features = answer?.getChild('query')?.getChildren('feature').map((feature) => feature.attrs['var']);
  expect(features).toContain('http://jabber.org/protocol/activity+notify');
});
