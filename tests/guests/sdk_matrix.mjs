// The cases of matrix.py with the official Node SDKs: sdk_matrix.mjs PACKAGES PLAN; prints failures and a count.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

// Cases at once: most of them wait for a silent target.
const AT_ONCE = 16;
// Milliseconds after which a case has failed, whatever the reason.
const PATIENCE = 30_000;

// Statuses with which hosts decline a content.
const DECLINES = [400, 403];

const [packages, planFile] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, 'utf8'));
const require = createRequire(packages + '/package.json');
const { OpenAI } = require('openai');
const { Anthropic } = require('@anthropic-ai/sdk');

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADhgGANFwtpAAAAABJRU5ErkJggg==';
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const CONTENTS = ['plain', 'tools', 'image'];
const user = (content) => ({ messages: [{ role: 'user', content }] });

class Chat {
  constructor(baseURL) { this.client = new OpenAI({ baseURL, apiKey: 'dummy', maxRetries: 0, timeout: PATIENCE }); }
  ask(content) {
    const tool = { type: 'function', function: { name: 'get_weather', description: 'w', parameters: SCHEMA } };
    const look = [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,' + PNG } }];
    return { plain: user('hi'), tools: { ...user('[[tools]] weather?'), tools: [tool] }, image: user(look) }[content];
  }
  create(model, content, streamed) {
    const more = streamed ? { stream: true, stream_options: { include_usage: true } } : {};
    return this.client.chat.completions.create({ model, ...this.ask(content), ...more }).withResponse();
  }
  // What the SDK's own accumulator makes of a stream.
  assemble(model) {
    return this.client.chat.completions.stream({ model, ...this.ask('plain'), stream_options: { include_usage: true } }).finalChatCompletion();
  }
  // Without reasoning: this accumulator keeps the last piece of what it does not know.
  message({ choices: [{ message, finish_reason }], usage }) {
    const { content, refusal, tool_calls } = message;
    return { finish: finish_reason, usage, content, refusal, tool_calls };
  }
  arguments(call) { if (call.function) delete call.function.arguments; }
}

class Messages {
  constructor(baseURL) { this.client = new Anthropic({ baseURL, apiKey: 'dummy', maxRetries: 0, timeout: PATIENCE }); }
  ask(content) {
    const tool = { name: 'get_weather', description: 'w', input_schema: SCHEMA };
    const look = [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }, { type: 'text', text: 'look' }];
    return { plain: user('hi'), tools: { ...user('[[tools]] weather?'), tools: [tool] }, image: user(look) }[content];
  }
  create(model, content, streamed) {
    const more = streamed ? { stream: true } : {};
    return this.client.messages.create({ model, max_tokens: 500, ...this.ask(content), ...more }).withResponse();
  }
  // What the SDK's own accumulator makes of a stream.
  assemble(model) { return this.client.messages.stream({ model, max_tokens: 500, ...this.ask('plain') }).finalMessage(); }
  message({ content, stop_reason, stop_sequence, stop_details, usage }) { return { content, stop_reason, stop_sequence, stop_details, usage }; }
  arguments(call) { delete call.input; }
}

// What the SDK makes of the answer: every event of a stream, or the whole; and the answer's headers.
async function answer(host, model, content, streamed) {
  const { data, response } = await host.create(model, content, streamed);
  if (!streamed) return [data, response.headers];
  const events = [];
  for await (const event of data) events.push(structuredClone(event));
  return [events, response.headers];
}

function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Late('not done in time')), PATIENCE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
class Late extends Error {}

// Nothing, or what is wrong.
async function check(host, routed, one, content) {
  const got = await outcome(routed, one.model, content, one.streamed);
  if (one.breaks) return got.why && brokeOff(got.why) ? undefined : `not an error in mid-stream: ${short(got)}`;
  if (one.declined) return DECLINES.includes(got.why?.status) ? undefined : `not declined: ${short(got)}`;
  // What is translated can only be compared with what is translated.
  const wanted = await outcome(one.abroad ? routed : host, one.like, content, one.streamed);
  const plain = one.abroad ? impersonal : (answer) => answer;
  if (!isDeepStrictEqual(plain(got.answer), plain(wanted.answer)) || !got.why !== !wanted.why) return `${short(got)}, but of the emulator itself: ${short(wanted)}`;
  if (one.hop && !got.hops.includes(one.hop)) return `the failing target was not tried first: x-routectl-attempts: ${got.hops}`;
}

// Nothing, or how the sum of a stream differs from the whole answer.
async function checkShape(routed, shape) {
  const whole = await outcome(routed, shape.model, 'plain', false);
  if (whole.why) return `no whole answer: ${short(whole)}`;
  let summed;
  try { summed = await inTime(routed.assemble(shape.model)); } catch (why) { return `no sum of the stream: ${short({ why })}`; }
  const [sum, one] = [summed, whole.answer].map((parsed) => comparable(routed, parsed, shape.differs));
  if (!isDeepStrictEqual(sum, one)) return `${JSON.stringify(sum)}, but in one piece: ${JSON.stringify(one)}`;
}

// Nothing, or what is wrong: a stream that broke is an error, or was complete.
async function checkCut(routed, cut) {
  let summed;
  try { summed = await inTime(routed.assemble(cut.model)); } catch (why) {
    if (why instanceof Late) return 'neither an answer nor an error';
    return why instanceof TypeError || why instanceof ReferenceError ? `the SDK stumbles: ${short({ why })}` : undefined;
  }
  const whole = await outcome(routed, cut.whole, 'plain', false);
  const [sum, one] = [summed, whole.answer ?? {}].map((parsed) => comparable(routed, parsed, cut.differs));
  if (whole.why || !isDeepStrictEqual(sum, one)) return `half an answer without an error: ${JSON.stringify(sum)}`;
}

// A message without what only one of the two ways of parsing has.
function comparable(host, parsed, differs) {
  if (!parsed.choices && !parsed.content) return {};
  const message = pruned(host.message(parsed));
  if (differs) for (const call of message.tool_calls ?? message.content ?? []) host.arguments(call);
  return message;
}

function pruned(value) {
  if (Array.isArray(value)) return value.map(pruned);
  if (value === null || typeof value !== 'object') return value;
  // A stream begins with empty content, before it is known that only a call follows.
  const nothing = (each) => each === null || each === undefined || each === '' || (Array.isArray(each) && !each.length);
  const kept = Object.entries(value).filter(([name, each]) => !nothing(each) && !HELPERS.includes(name));
  return Object.fromEntries(kept.map(([name, each]) => [name, pruned(each)]));
}
const HELPERS = ['parsed', 'parsed_arguments', 'parsed_output', 'index'];

// An answer without the time it was made at and the name that was asked for.
function impersonal(value) {
  if (Array.isArray(value)) return value.map(impersonal);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([name]) => name !== 'created' && name !== 'model');
  return Object.fromEntries(kept.map(([name, each]) => [name, impersonal(each)]));
}

// {answer, hops} or {why}.
async function outcome(host, model, content, streamed) {
  try {
    const [answered, headers] = await inTime(answer(host, model, content, streamed));
    return { answer: answered, hops: headers.get('x-routectl-attempts') ?? '' };
  } catch (why) { // each SDK has its own kinds of error, and the platform's besides
    return { why };
  }
}

const short = ({ answer, why }) => (why ? `${why?.name}: ${why?.message}` : JSON.stringify(answer).slice(-300));

// Whether a stream that had begun ended in an error: neither silence nor a refusal before it began.
function brokeOff(why) {
  const refused = typeof why?.status === 'number' && why.status !== 200;
  return !refused && !(why instanceof Late) && !(why instanceof ReferenceError);
}

// What all is compared with must itself be an answer, with a tool call where tools are.
async function checkTheMeasure() {
  for (const format of Object.keys(hosts))
    for (const streamed of [false, true])
      for (const content of CONTENTS) {
        const good = await outcome(hosts[format], plan.good, content, streamed);
        if (good.why || JSON.stringify(good.answer).includes('get_weather') !== (content === 'tools'))
          throw new Error(`the emulator's good ${format} answer is none: ${short(good)}`);
      }
}

const [hosts, routed] = [plan.hosts, plan.routed].map((way) => ({ chat: new Chat(way.chat), messages: new Messages(way.messages) }));
await checkTheMeasure();
const every = plan.cases.flatMap((one) => CONTENTS.map((content) => ({
  name: `${one.model} ${one.streamed ? 'streamed' : 'whole'} ${content}`,
  run: () => check(hosts[one.format], routed[one.format], one, content),
})));
for (const [checkOne, cases] of [[checkShape, plan.shapes], [checkCut, plan.cuts]])
  every.push(...cases.map((one) => ({ name: `${one.model} for ${one.format}`, run: () => checkOne(routed[one.format], one) })));
const left = [...every];
let wrong = 0;
async function worker() {
  for (let next = left.shift(); next; next = left.shift()) {
    const why = await next.run();
    if (why === undefined) continue;
    wrong += 1;
    console.log(`FAIL node ${next.name}: ${why}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
console.log(`${every.length - wrong} passed, ${wrong} failed`);
process.exit(wrong || !every.length ? 1 : 0);
