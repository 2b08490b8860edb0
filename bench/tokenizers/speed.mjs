// Megabytes of text a second through npm `tokenizers`, by the clock and by the processor, once for every line on standard input.
// node speed.mjs TOKENIZER.JSON TEXT SECONDS
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const [file, text, seconds] = process.argv.slice(2);
const lines = readFileSync(text, 'utf8').split('\n').filter(line => line.length > 0);
const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
const tokenizer = Tokenizer.fromFile(file);
tokenizer.disablePadding();
tokenizer.disableTruncation();
for await (const _ of createInterface({ input: process.stdin })) {
  let rounds = 0;
  const start = process.hrtime.bigint(), before = process.cpuUsage();
  const took = () => Number(process.hrtime.bigint() - start) / 1e9;
  while (rounds === 0 || took() < Number(seconds)) {
    await tokenizer.encodeBatch(lines, { addSpecialTokens: false });
    rounds++;
  }
  const wall = took(), cpu = process.cpuUsage(before);
  console.log(`${(bytes * rounds / wall / 1e6).toFixed(4)} ${(bytes * rounds / (cpu.user + cpu.system)).toFixed(4)}`);
}
