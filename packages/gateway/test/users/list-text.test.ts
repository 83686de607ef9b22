import { readUserList, UserListError } from '../../src/users/list-text';

const read = async (text: string): Promise<readonly string[]> => [...(await readUserList(text, 'users.txt'))];

test('one address a line, in any form, prepared; comments, empty lines and repetitions do not count (ADDR-9, ADDR-10)', async () => {
  const text = '\uFEFF# exported on Monday\r\nBob@Example.com\r\n\r\n  sip:bea@example.com:5060;transport=tcp  # moves in May\r\nbob@example.com\n\tjürgen@xn--e1afmkfd.example\no#hara@example.com';
  expect(await read(text)).toEqual(['bob@example.com', 'bea@example.com', 'jürgen@пример.example', 'o#hara@example.com']);
});

test.each([
  ['no address', 'bob@example.com\nbob\n', 'line 2: "bob"'],
  ['a domain alone', 'example.com', 'line 1: "example.com"'],
  ['a device', 'bob@example.com/phone', 'line 1:'],
  ['two on a line', 'bob@example.com, bea@example.com', 'line 1:'],
  ['a telephone number', 'tel:+15550100', 'line 1:'],
  ['a page', '<html>\n<body>', 'line 2: "<body>"'],
])('%s: the list is refused, with the number of the line', async (_what, text, message) => {
  await expect(read(text)).rejects.toThrow(UserListError);
  await expect(read(text)).rejects.toThrow(message);
});

test('of many wrong lines the first ten are told, and how many more there are', async () => {
  const error = (await read('x\n'.repeat(25)).catch((caught: unknown) => caught)) as Error;
  expect(error.message).toContain('line 10:');
  expect(error.message).not.toContain('line 11:');
  expect(error.message).toContain('and 15 more');
});

test.each(['', '\n\n', '# nobody yet\n'])('a list that names nobody is refused: %j', async (text) => {
  await expect(read(text)).rejects.toThrow('it names nobody');
});

test('a long line is not repeated in full', async () => {
  const error = (await read('x'.repeat(100_000)).catch((caught: unknown) => caught)) as Error;
  expect(error.message.length).toBeLessThan(200);
});
