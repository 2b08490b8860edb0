// Megabytes of text a second through npm `tokenizers`. node speed.mjs TOKENIZER.JSON TEXT SECONDS
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const [file, text, seconds] = process.argv.slice(2);
const lines = readFileSync(text, 'utf8').split('\n').filter(line => line.length > 0);
const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
const tokenizer = Tokenizer.fromFile(file);
tokenizer.disablePadding();
tokenizer.disableTruncation();
await tokenizer.encodeBatch(lines, { addSpecialTokens: false });
let rounds = 0, tokens = 0;
const start = process.hrtime.bigint();
while (Number(process.hrtime.bigint() - start) / 1e9 < Number(seconds)) {
  const encodings = await tokenizer.encodeBatch(lines, { addSpecialTokens: false });
  rounds++;
  tokens = encodings.reduce((sum, encoding) => sum + encoding.getLength(), 0);
}
const took = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`npm tokenizers ${(bytes * rounds / took / 1e6).toFixed(2)} MB/s, ${tokens} tokens a round`);
