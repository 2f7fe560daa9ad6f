// zbar reads the codes of grey pictures: their sizes as arguments (640x480), their bytes one after
// the other on standard input; on standard output, as JSON, the texts found in each.
import { readFileSync } from "node:fs";
import { scanGrayBuffer } from "@undecaf/zbar-wasm";

const input = readFileSync(0);
const answers = [];
let start = input.byteOffset;
for (const size of process.argv.slice(2)) {
  const [width, height] = size.split("x").map(Number);
  const found = await scanGrayBuffer(input.buffer.slice(start, start + width * height), width, height);
  answers.push(found.map((code) => code.decode()));
  start += width * height;
}
process.stdout.write(JSON.stringify(answers));
