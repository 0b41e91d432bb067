// @ts-check
/**
 * All scans that the writer remembers, the newest first, by text and outcome.
 */

import { getScans, problemOf } from './api.js';
import { element, setText } from './elements.js';
import { countOf } from './format.js';
import { select } from './panel.js';
import { ScanTable } from './scan-table.js';

/** @import { Scan, State } from './types.js' */

/** Scans of one answer. */
const PAGE = 50;

/** Milliseconds after the last key until the text is used. */
const TYPING_PAUSE = 250;

const OUTCOMES = [
    { value: '', text: 'all' }, { value: 'complete', text: 'complete' }, { value: 'incomplete', text: 'incomplete' },
    { value: 'failed', text: 'failed' }, { value: 'skipped', text: 'skipped' },
];

export class HistoryView {
    #text = '';
    #outcome = '';
    #table = new ScanTable('Scans, the newest first');
    #status = element('p', { class: 'note', role: 'status' });
    #more = element('button', { type: 'button', class: 'button', hidden: true, onclick: () => this.#load(true) }, 'Show older scans');
    /** @type {Scan[]} */
    #scans = [];
    /** @type {number | null} */
    #next = null;
    /** Answers to older questions are ignored. */
    #question = 0;
    #typing = 0;
    #newest = '';
    #isLonger = false;
    element;

    constructor() {
        const input = element('input', { type: 'search', oninput: (/** @type {Event} */ event) => {
            this.#text = event.target instanceof HTMLInputElement ? event.target.value.trim() : '';
            clearTimeout(this.#typing);
            this.#typing = setTimeout(() => this.#load(false), TYPING_PAUSE);
        } });
        this.element = element('section', { class: 'panel', 'aria-labelledby': 'history' },
            element('div', { class: 'panel-head' }, element('h1', { id: 'history' }, 'History'),
                element('form', { class: 'controls', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
                    element('label', { class: 'field' }, element('span', {}, 'Text'), input),
                    select('Outcome', OUTCOMES, '', outcome => {
                        this.#outcome = outcome;
                        void this.#load(false);
                    }))),
            this.#table.element, this.#status, this.#more);
        void this.#load(false);
    }

    close() {
        this.#question += 1;
        clearTimeout(this.#typing);
    }

    /** @param {State} state */
    update({ scans, last }) {
        const newest = JSON.stringify([last?.key, scans.map(scan => scan.key)]);
        const isFirst = this.#newest === '';
        // A list that somebody has made longer stays as it is.
        if (newest !== this.#newest && !this.#isLonger && !isFirst) {
            void this.#load(false);
        }
        this.#newest = newest;
    }

    /** @param {boolean} isOlder whether older scans are wanted in addition */
    async #load(isOlder) {
        this.#question += 1;
        const question = this.#question;
        this.#isLonger = isOlder;
        try {
            const { scans, next } = await getScans({
                text: this.#text, outcome: this.#outcome, limit: PAGE, before: isOlder ? this.#next : null,
            });
            if (question !== this.#question) {
                return;
            }
            this.#scans = isOlder ? [...this.#scans, ...scans] : scans;
            this.#next = next;
            this.#table.show(this.#scans);
            this.#more.hidden = next === null;
            const isFiltered = this.#text !== '' || this.#outcome !== '';
            const nothing = isFiltered ? 'No scan is like this.' : 'No scan has ended yet.';
            setText(this.#status, this.#scans.length === 0 ? nothing : `${countOf(this.#scans.length, 'scan')} shown${next === null ? '.' : ', there are older ones.'}`);
        } catch (error) {
            if (question === this.#question) {
                setText(this.#status, problemOf(error));
                this.#newest = ' ';
            }
        }
    }
}
