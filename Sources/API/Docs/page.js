'use strict';

const byId = (id) => document.getElementById(id);
const isPicture = (text) => /^(iVBORw0KGgo|\/9j\/|UklGR)/.test(text) && text.length > 60;

function make(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function say(text, isWrong = false) {
  byId('note').textContent = text;
  byId('note').className = isWrong ? 'wrong' : '';
}

function authorization() {
  const token = byId('token').value.trim();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// What a field takes, in words.
function limits(schema) {
  const words = [];
  if (schema.enum) words.push(schema.enum.map((choice) => JSON.stringify(choice)).join(', '));
  if (schema.minimum !== undefined) words.push(`${schema.minimum} to ${schema.maximum}`);
  if (schema.multipleOf) words.push(`multiples of ${schema.multipleOf}`);
  if (schema.maxLength !== undefined) words.push(`${schema.minLength} to ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) words.push(`up to ${schema.maxItems}`);
  return words.join('; ');
}

// The types of a value, also of one that may be of several kinds.
function types(schema) {
  const kinds = [schema.type ?? [], ...(schema.anyOf ?? []).map(types)].flat();
  return [...new Set(kinds)].filter((type) => type !== 'null');
}

// The objects that a field holds, alone or in a list.
function objects(schema) {
  if (schema.properties) return [schema];
  return [schema.items ?? [], schema.anyOf ?? []].flat().flatMap(objects);
}

function fieldRows(schema, path) {
  return Object.entries(schema.properties).flatMap(([name, field]) => {
    const row = make('tr', {},
      make('td', {}, make('code', { textContent: path + name })),
      make('td', { textContent: types(field).join(', ') || (field.enum ? 'any' : 'null') }),
      make('td', { textContent: limits(field) }),
      make('td', { textContent: (schema.required.includes(name) ? 'Required. ' : '') + (field.description ?? '') }));
    const inner = objects(field)[0];
    const isList = types(field).includes('array');
    return [row, ...(inner ? fieldRows(inner, `${path}${name}${isList ? '[]' : ''}.`) : [])];
  });
}

function fieldTable(schema) {
  const titles = ['Field', 'Type', 'Limits', 'Meaning'].map((text) => make('th', { textContent: text }));
  return make('table', {}, make('tr', {}, ...titles), ...fieldRows(schema, ''));
}

function replyTable(responses) {
  const rows = Object.entries(responses).map(([status, reply]) => make('tr', {},
    make('td', {}, make('code', { textContent: status })),
    make('td', { textContent: reply.description }),
    make('td', { textContent: Object.keys(reply.content ?? {}).join(', ') })));
  return make('table', {}, ...rows);
}

// A body to begin with: the example, else the fields that must be there.
function template(media) {
  if (media.example) return media.example;
  return Object.fromEntries((media.schema.required ?? []).map((name) => [name, 'a red star on a white background']));
}

// Each gives its part of the request when it is sent.
function jsonEditor(media) {
  const area = make('textarea', { value: JSON.stringify(template(media), null, 2), spellcheck: false });
  area.setAttribute('aria-label', 'Body');
  return { nodes: [area], fill: (request) => {
    request.headers['Content-Type'] = 'application/json';
    request.body = area.value;
  } };
}

function formEditor(media) {
  const inputs = Object.entries(media.schema.properties).map(([name, field]) => {
    const isFile = Boolean(field.contentMediaType ?? field.items?.contentMediaType);
    return make('input', { name, type: isFile ? 'file' : 'text', multiple: field.type === 'array' });
  });
  return { nodes: inputs.map((input) => make('label', {}, `${input.name} `, input)), fill: (request) => {
    request.body = new FormData();
    for (const input of inputs) {
      if (input.type === 'file') for (const file of input.files) request.body.append(input.name, file);
      else if (input.value) request.body.append(input.name, input.value);
    }
  } };
}

function pathEditor(path, parameters) {
  const inputs = parameters.map((parameter) => make('input', { name: parameter.name, placeholder: parameter.description }));
  return { nodes: inputs.map((input) => make('label', {}, `${input.name} `, input)), fill: (request) => {
    request.path = inputs.reduce((path, input) => path.replace(`{${input.name}}`, encodeURIComponent(input.value)), path);
  } };
}

function typeEditor(types) {
  const choice = make('select', {}, ...types.map((type) => make('option', { textContent: type })));
  return { nodes: [make('label', {}, 'Reply as ', choice)], fill: (request) => { request.headers.Accept = choice.value; } };
}

// Numbers as they were spelt: a seed may have more digits than JavaScript keeps.
const exact = (_, value, context) => typeof value === 'number' && JSON.rawJSON ? JSON.rawJSON(context.source) : value;

// The pictures of a reply, and the reply without their thousands of letters.
function digest(value, pictures) {
  return JSON.stringify(value, (_, part) => {
    if (typeof part !== 'string' || !isPicture(part)) return part;
    pictures.push(part);
    return `${part.slice(0, 20)}… (${part.length} characters)`;
  }, 2);
}

function show(picture, image) {
  const type = picture.startsWith('iVBOR') ? 'png' : picture.startsWith('/9j/') ? 'jpeg' : 'webp';
  image.src = `data:image/${type};base64,${picture}`;
  image.alt = 'The picture of the reply';
  return image;
}

async function showJSON(response, box) {
  const text = await response.text();
  const pictures = [];
  let shown = text;
  try { shown = digest(JSON.parse(text, exact), pictures); } catch { /* Shown as it came. */ }
  box.append(make('pre', { className: 'body', textContent: shown }), ...pictures.map((picture) => show(picture, make('img'))));
}

async function showEvents(response, box) {
  const log = make('pre', { className: 'body' });
  const image = make('img');
  box.append(log, image);
  let rest = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const name = /^event: ?(.*)$/m.exec(event)?.[1];
      const data = /^data: ?(.*)$/m.exec(event)?.[1];
      if (!data) continue;
      const pictures = [];
      log.textContent += `${name ?? 'message'} ${digest(JSON.parse(data, exact), pictures)}\n`;
      for (const picture of pictures) show(picture, image);
    }
  }
}

async function send(method, editors, box, signal) {
  const request = { method, headers: authorization(), signal };
  for (const editor of editors) editor.fill(request);
  const start = performance.now();
  const response = await fetch(request.path, request);
  const status = make('p', { className: 'status', textContent: `${response.status}` });
  box.replaceChildren(status);
  const isEvents = response.headers.get('Content-Type')?.startsWith('text/event-stream');
  await (isEvents ? showEvents : showJSON)(response, box);
  status.textContent += ` in ${Math.round(performance.now() - start)} ms, request ${response.headers.get('X-Request-Id')}`;
}

function sender(path, method, operation) {
  const content = operation.requestBody?.content ?? {};
  const editors = [pathEditor(path, operation.parameters ?? [])];
  if (content['application/json']) editors.push(jsonEditor(content['application/json']));
  else if (content['multipart/form-data']) editors.push(formEditor(content['multipart/form-data']));
  const types = Object.keys(operation.responses['200']?.content ?? {});
  if (types.length > 1) editors.push(typeEditor(types));
  const button = make('button', { className: 'send', textContent: 'Send' });
  const box = make('div', { className: 'reply' });
  box.setAttribute('aria-live', 'polite');
  let running = null;
  button.onclick = async () => {
    if (running) return running.abort();
    running = new AbortController();
    button.textContent = 'Stop';
    box.replaceChildren();
    try {
      await send(method, editors, box, running.signal);
    } catch (error) {
      box.append(make('p', { className: 'status', textContent: `No reply: ${error.message}` }));
    }
    running = null;
    button.textContent = 'Send';
  };
  return [...editors.flatMap((editor) => editor.nodes), button, box];
}

function routeNode(path, method, operation) {
  const summary = make('summary', {}, make('span', { className: 'method', textContent: method }),
    make('span', { className: 'path', textContent: path }), make('span', { className: 'about', textContent: operation.summary }));
  const node = make('details', {}, summary);
  node.dataset.route = `${method} ${path}`;
  // Made when it is opened: most are not.
  node.addEventListener('toggle', () => {
    // A form beside JSON has the same fields.
    const schemas = Object.values(operation.requestBody?.content ?? {}).map((media) => media.schema).slice(0, 1);
    node.append(make('div', {}, ...schemas.flatMap((schema) => [make('h3', { textContent: 'Body' }), fieldTable(schema)]),
      make('h3', { textContent: 'Replies' }), replyTable(operation.responses),
      make('h3', { textContent: 'Try it' }), ...sender(path, method, operation)));
  }, { once: true });
  return node;
}

async function load() {
  say('Loading.');
  try {
    const response = await fetch('/openapi.json', { headers: authorization() });
    if (response.status === 401) return say('This server asks for a token.', true);
    if (!response.ok) return say(`The description could not be loaded: ${response.status}.`, true);
    const api = await response.json();
    byId('version').textContent = api.info.version;
    byId('routes').replaceChildren(...Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => routeNode(path, method.toUpperCase(), operation))));
    say(api.info.description);
  } catch (error) {
    say(`The description could not be loaded: ${error.message}.`, true);
  }
}

byId('access').addEventListener('submit', (event) => {
  event.preventDefault();
  load();
});
load();
