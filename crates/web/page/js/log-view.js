// @ts-check
/**
 * The last lines of the log, the newest first.
 */

import { getLog, problemOf } from './api.js';
import { element, icon, matchChildren, setText } from './elements.js';
import { countOf } from './format.js';
import { select } from './panel.js';
import { timeElement } from './times.js';

/** @import { LogLine } from './types.js' */

/** Most lines that are kept. */
const MOST_LINES = 1000;

/** Milliseconds between two questions. */
const PERIOD = 2000;

const LEVELS = [
    { value: '', text: 'all' }, { value: 'warning', text: 'warnings and errors' }, { value: 'error', text: 'errors' },
];

export class LogView {
    #level = '';
    #scan = '';
    #body = element('tbody', {});
    #status = element('p', { class: 'note', role: 'status' });
    /** Oldest first. @type {LogLine[]} */
    #lines = [];
    #question = 0;
    #timer = 0;
    element;

    constructor() {
        const input = element('input', { type: 'search', oninput: (/** @type {Event} */ event) => {
            this.#scan = event.target instanceof HTMLInputElement ? event.target.value.trim() : '';
            this.#restart(250);
        } });
        this.element = element('section', { class: 'panel', 'aria-labelledby': 'log' },
            element('div', { class: 'panel-head' }, element('h1', { id: 'log' }, 'Log'),
                element('form', { class: 'controls', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
                    element('label', { class: 'field' }, element('span', {}, 'Scan'), input),
                    select('Level', LEVELS, '', level => {
                        this.#level = level;
                        this.#restart(0);
                    }))),
            element('table', { class: 'log' },
                element('caption', { class: 'visually-hidden' }, 'Lines of the log, the newest first'),
                element('thead', {}, element('tr', {}, ...['Time', 'Level', 'Scan', 'Text'].map(text => element('th', { scope: 'col' }, text)))),
                this.#body),
            this.#status);
        this.#restart(0);
    }

    close() {
        this.#question += 1;
        clearTimeout(this.#timer);
    }

    update() {}

    /** @param {number} delay */
    #restart(delay) {
        this.#question += 1;
        this.#lines = [];
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#load(), delay);
    }

    async #load() {
        const question = this.#question;
        try {
            if (!document.hidden) {
                const after = this.#lines.at(-1)?.seq ?? null;
                const { lines } = await getLog({ after, level: this.#level, scan: this.#scan });
                if (question !== this.#question) {
                    return;
                }
                this.#add(lines);
            }
        } catch (error) {
            setText(this.#status, problemOf(error));
        }
        if (question === this.#question) {
            this.#timer = setTimeout(() => this.#load(), PERIOD);
        }
    }

    /** @param {LogLine[]} lines */
    #add(lines) {
        const last = this.#lines.at(-1)?.seq;
        // A writer that was started again counts from the beginning.
        const isNew = last !== undefined && lines.some(line => line.seq <= last);
        this.#lines = [...isNew ? [] : this.#lines, ...lines].slice(-MOST_LINES);
        matchChildren(this.#body, this.#lines.toReversed(), line => `${line.seq} ${line.time}`, row, () => {});
        setText(this.#status, this.#lines.length === 0 ? 'There is no line like this.' : countOf(this.#lines.length, 'line'));
    }
}

/** @param {LogLine} line */
function row({ time, level, scan, text }) {
    const word = level.toLowerCase();
    const isBad = word === 'error' || word === 'warning' || word === 'warn';
    return element('tr', { class: isBad ? word : null },
        element('th', { scope: 'row' }, timeElement(time, 'seconds')),
        element('td', { class: 'level' }, isBad && icon(word === 'error' ? 'bad' : 'warning'), isBad && ' ', word),
        element('td', { class: 'path' }, scan ?? ''),
        element('td', { class: 'log-text' }, text));
}
