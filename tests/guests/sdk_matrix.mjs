// The cases of matrix.py with the official Node SDKs: sdk_matrix.mjs PLAN PACKAGES; prints failures and a count.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

// Cases at once: most of them wait for a silent target.
const AT_ONCE = 16;
// Milliseconds after which a case has failed, whatever the reason.
const PATIENCE = 30_000;

const [planFile, packages] = process.argv.slice(2);
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
}

// What the SDK makes of the answer: every event of a stream, or the whole; and the answer's headers.
async function answer(host, model, content, streamed) {
  const { data, response } = await host.create(model, content, streamed);
  if (!streamed) return [data, response.headers];
  const events = [];
  for await (const event of data) events.push(structuredClone(event));
  return [events, response.headers];
}

function* cases() {
  for (const fault of plan.faults)
    for (const format of fault.formats)
      for (const framing of fault.framings)
        for (const content of CONTENTS) yield { fault, format, streamed: framing === 'streamed', content };
}

function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Late('not done in time')), PATIENCE); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
class Late extends Error {}

// Whether a stream that had begun ended in an error: neither silence nor a refusal before it began.
function brokeOff(why) {
  const refused = typeof why?.status === 'number' && why.status !== 200;
  return !refused && !(why instanceof Late) && !(why instanceof ReferenceError);
}

// Nothing, or what is wrong.
async function check(routed, wanted, { fault, format, streamed, content }) {
  const ours = plan.router ? `${format}-${fault.name}` : plan.good;
  const breaks = fault.phase === 'AfterContent' && streamed && plan.router;
  let got, headers;
  try {
    [got, headers] = await inTime(answer(routed[format], ours, content, streamed));
  } catch (why) { // each SDK has its own kinds of error, and the platform's besides
    return breaks && brokeOff(why) ? undefined : `${why?.name}: ${String(why?.message).slice(0, 300)}`;
  }
  if (breaks) return `a broken stream passed as a whole answer: ${JSON.stringify(got).slice(-200)}`;
  if (!isDeepStrictEqual(got, wanted[`${format} ${streamed} ${content}`])) return `another answer: ${JSON.stringify(got).slice(0, 300)}`;
  const hops = headers.get('x-routectl-attempts') ?? '';
  if (plan.router && !hops.includes(`fault-${fault.name}-${format}`)) return `the failing target was not tried first: x-routectl-attempts: ${hops}`;
}

const hosts = { chat: new Chat(plan.hosts.chat), messages: new Messages(plan.hosts.messages) };
const routed = plan.router ? { chat: new Chat(plan.router + '/v1'), messages: new Messages(plan.router) } : hosts;
const wanted = {};
for (const format of Object.keys(hosts))
  for (const streamed of [false, true]) {
    for (const content of CONTENTS) [wanted[`${format} ${streamed} ${content}`]] = await answer(hosts[format], plan.good, content, streamed);
    if (!JSON.stringify(wanted[`${format} ${streamed} tools`]).includes('get_weather'))
      throw new Error(`the good ${format} host calls no tool: the comparison would say nothing about tools`);
  }

const every = [...cases()], left = [...every];
let wrong = 0;
async function worker() {
  for (let one = left.shift(); one; one = left.shift()) {
    const why = await check(routed, wanted, one);
    if (why === undefined) continue;
    wrong += 1;
    console.log(`FAIL node ${one.format} ${one.fault.name} ${one.streamed ? 'streamed' : 'whole'} ${one.content}: ${why}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
console.log(`${every.length - wrong} passed, ${wrong} failed`);
process.exit(wrong || !every.length ? 1 : 0);
