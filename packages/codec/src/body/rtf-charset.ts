/** Character sets of RTF text that is written as octets (Rich Text Format Specification 1.9.1, "Code Page Support", "Font Table"). */

const DEFAULT_SET = 'windows-1252';

/** By `\ansicpg`, where the name is not `windows-` and the number. */
const BY_CODE_PAGE: Readonly<Record<number, string>> = {
  866: 'ibm866',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  10000: 'macintosh',
  65001: 'utf-8',
};

/** By `\fcharset`. Others, symbols for one, are read in the set of the document. */
const BY_FONT: Readonly<Record<number, string>> = {
  77: 'macintosh',
  128: 'shift_jis',
  129: 'euc-kr',
  134: 'gbk',
  136: 'big5',
  161: 'windows-1253',
  162: 'windows-1254',
  163: 'windows-1258',
  177: 'windows-1255',
  178: 'windows-1256',
  186: 'windows-1257',
  204: 'windows-1251',
  222: 'windows-874',
  238: 'windows-1250',
};

export function setOfCodePage(codePage: number): string {
  const isWindows = codePage === 874 || (codePage >= 1250 && codePage <= 1258);
  return BY_CODE_PAGE[codePage] ?? (isWindows ? `windows-${codePage}` : DEFAULT_SET);
}

export function setOfFont(charset: number): string | undefined {
  return BY_FONT[charset];
}
