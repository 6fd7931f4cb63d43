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
  const wanted = await outcome(host, one.like, content, one.streamed);
  if (!isDeepStrictEqual(got.answer, wanted.answer) || !got.why !== !wanted.why) return `${short(got)}, but of the emulator itself: ${short(wanted)}`;
  if (one.hop && !got.hops.includes(one.hop)) return `the failing target was not tried first: x-routectl-attempts: ${got.hops}`;
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
const every = plan.cases.flatMap((one) => CONTENTS.map((content) => [one, content])), left = [...every];
let wrong = 0;
async function worker() {
  for (let next = left.shift(); next; next = left.shift()) {
    const [one, content] = next;
    const why = await check(hosts[one.format], routed[one.format], one, content);
    if (why === undefined) continue;
    wrong += 1;
    console.log(`FAIL node ${one.model} ${one.streamed ? 'streamed' : 'whole'} ${content}: ${why}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, worker));
console.log(`${every.length - wrong} passed, ${wrong} failed`);
process.exit(wrong || !every.length ? 1 : 0);
