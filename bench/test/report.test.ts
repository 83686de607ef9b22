import { percentile, Report } from '../support/report';

function printed(json: boolean, work: (report: Report) => void): string {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    work(new Report('im', json));
  } finally {
    write.mockRestore();
  }
  return text;
}

test('with --json each figure is one object a line, target and met null where none is set', () => {
  const text = printed(true, (report) => {
    report.heading('not a figure');
    report.add('p50', 1.23456, 'ms', 1.5);
    report.add('sustained', 90, 'msg/s', 100, 'least');
    report.add('CPU', 0.2, 'ms/msg');
  });
  expect(text.trim().split('\n').map((line) => JSON.parse(line) as object)).toEqual([
    { bench: 'im', what: 'p50', value: 1.235, unit: 'ms', target: 1.5, met: true },
    { bench: 'im', what: 'sustained', value: 90, unit: 'msg/s', target: 100, met: false },
    { bench: 'im', what: 'CPU', value: 0.2, unit: 'ms/msg', target: null, met: null },
  ]);
});

test('without it the figures are a table that says what was not met', () => {
  const text = printed(false, (report) => {
    report.heading('Ann to Bob');
    report.add('p99', 16, 'ms', 15);
  });
  expect(text).toContain('Ann to Bob');
  expect(text).toMatch(/p99 +16 ms +target 15 ms: NOT met/);
});

test('percentiles are those of the sorted values, and 0 of none', () => {
  expect(percentile([3, 1, 2, 4], 0.5)).toBe(3);
  expect(percentile([5], 0.99)).toBe(5);
  expect(percentile([], 0.5)).toBe(0);
});
