'use strict';
// In place of @vscode/spdlog, which is compiled: without it every output channel of the server edition stays empty.
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
  #path;
  #level = 2;
  #isRaw = false;

  constructor(_type, _name, path) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, '');
  }

  trace = (text) => this.#write(0, text);
  debug = (text) => this.#write(1, text);
  info = (text) => this.#write(2, text);
  warn = (text) => this.#write(3, text);
  error = (text) => this.#write(4, text);
  critical = (text) => this.#write(5, text);
  getLevel = () => this.#level;
  setLevel = (level) => (this.#level = level);
  setPattern = () => (this.#isRaw = false);
  clearFormatters = () => (this.#isRaw = true);
  flush = () => undefined;
  drop = () => undefined;

  #write(level, text) {
    if (level < this.#level) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    const line = this.#isRaw ? text : `${time} [${names[level]}] ${text}\n`;
    try {
      appendFileSync(this.#path, line);
    } catch {
      // Its folder is gone: the editor is being closed.
    }
  }
}

const create = (name, path) => Promise.resolve(new Logger('rotating', name, path));
// One by one: only so are they seen by an import.
exports.version = 0;
exports.setLevel = () => undefined;
exports.setFlushOn = () => undefined;
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
