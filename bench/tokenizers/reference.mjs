// Random strings and what npm `tokenizers` makes of them, one JSON line each: {"t": text, "i": ids, "o": offsets}.
// Where it does not read the file: {"refused": why}. node reference.mjs TOKENIZER.JSON COUNT SEED
import { createRequire } from 'node:module';
const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
import { readFileSync } from 'node:fs';

const [file, count, seed] = process.argv.slice(2);
let state = Math.imul(Number(seed), 2654435761) >>> 0 || 1;
const random = n => { state ^= state << 13; state >>>= 0; state ^= state >>> 17; state ^= state << 5; state >>>= 0; return state % n; };
const pick = list => list[random(list.length)];

const added = JSON.parse(readFileSync(file, 'utf8')).added_tokens.map(token => token.content);
const spaces = [' ', '  ', '\n', '\r\n', '\t', '\u00a0', '\u2003', '\u3000', '\u200b', '\u0085', '\u2028', '\ufeff', '\u1680'];
const ranges = [[0x20, 0x7e], [0x20, 0x7e], [0x61, 0x7a], [0x61, 0x7a], [0x30, 0x39], [0, 0x1f], [0x7f, 0xff], [0x100, 0x24f], [0x250, 0x36f], [0x370, 0x3ff],
  [0x400, 0x52f], [0x530, 0x58f], [0x590, 0x6ff], [0x700, 0x8ff], [0x900, 0xdff], [0xe00, 0xeff], [0xf00, 0x109f], [0x10a0, 0x13ff], [0x1400, 0x1fff],
  [0x2000, 0x206f], [0x2070, 0x2bff], [0x2c00, 0x2fff], [0x3000, 0x30ff], [0x3100, 0x33ff], [0x4e00, 0x9fff], [0xa000, 0xabff], [0xac00, 0xd7a3],
  [0xd800, 0xdfff], [0xe000, 0xf8ff], [0xf900, 0xfaff], [0xfb00, 0xffff], [0x10000, 0x1ffff], [0x1d400, 0x1d7ff], [0x1f300, 0x1faff], [0x20000, 0x3134f], [0xe0000, 0xe01ef], [0x10fff0, 0x10ffff]];
const words = 'the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were her all she'.split(' ');
const word = () => {
  const kind = random(10);
  if (kind < 3) return pick(words);
  if (kind === 3) return pick(words).toUpperCase();
  if (kind === 4) return pick(["'s", "'ll", "don't", "'S", "'RE", "1,234.5", "2024", "...", "—", "\u0301", "##", "▁", "Ġ", "<0x41>"]);
  if (kind === 5 && added.length) return pick(added);
  const [low, high] = pick(ranges);
  let text = '';
  for (let n = 1 + random(8); n > 0; n--) {
    const code = low + random(high - low + 1);
    text += code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
};

let tokenizer;
try {
  tokenizer = Tokenizer.fromFile(file);
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: String(error.message ?? error) }) + '\n');
  process.exit(0);
}
tokenizer.disablePadding();
tokenizer.disableTruncation();
for (let done = 0; done < Number(count); done += 500) {
  const texts = [];
  for (let k = 0; k < Math.min(500, Number(count) - done); k++) {
    let text = '';
    for (let n = random(14); n >= 0; n--) text += word() + (random(3) ? ' ' : random(3) ? '' : pick(spaces));
    texts.push(text);
  }
  const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
  let lines = '';
  encodings.forEach((encoding, k) => { lines += JSON.stringify({ t: texts[k], i: encoding.getIds(), o: encoding.getOffsets().flat() }) + '\n'; });
  if (!process.stdout.write(lines)) await new Promise(resolve => process.stdout.once('drain', resolve));
}
