// @ts-check
/**
 * The values of a dataset as a table of at most 200 rows.
 */

import { getElements, problemOf } from './api.js';
import { element, scrollable, setText, table } from './elements.js';
import { count, UNKNOWN } from './format.js';

/** @import { ObjectAbout } from './types.js' */

/** Most rows and columns of the table. */
const MOST_ROWS = 200;
const MOST_COLUMNS = 20;

/** Most letters of a text in a table. */
const MOST_LETTERS = 300;

export class FileValues {
    #file;
    #path;
    #shape;
    /** The first row that is shown. */
    #first = 0;
    #place = element('div', {});
    #status = element('p', { class: 'note', role: 'status' });
    #earlier = element('button', { type: 'button', class: 'button', onclick: () => this.#turn(-1) }, 'Earlier rows');
    #later = element('button', { type: 'button', class: 'button', onclick: () => this.#turn(1) }, 'Later rows');
    #question = 0;
    element;

    /**
     * @param {string} file
     * @param {string} path
     * @param {ObjectAbout} about
     */
    constructor(file, path, { shape }) {
        this.#file = file;
        this.#path = path;
        this.#shape = shape ?? [];
        const hasPages = (this.#shape.at(this.#rowAxis) ?? 0) > MOST_ROWS;
        this.element = element('section', { class: 'file-values', 'aria-label': 'Values' },
            element('h3', {}, 'Values'), this.#place, this.#status,
            hasPages && element('p', { class: 'buttons' }, this.#earlier, this.#later));
        void this.#load();
    }

    /** The dimension whose indices are rows: the last but one, or the only one. */
    get #rowAxis() {
        return Math.max(this.#shape.length - 2, 0);
    }

    /** @param {number} direction */
    #turn(direction) {
        this.#first = Math.max(this.#first + direction * MOST_ROWS, 0);
        void this.#load();
    }

    /** Asks for the values, and shows them. */
    async #load() {
        this.#question += 1;
        const question = this.#question;
        const shape = this.#shape;
        const axis = this.#rowAxis;
        const rows = shape[axis] ?? 1;
        const end = Math.min(this.#first + MOST_ROWS, rows);
        const columns = shape.length > 1 ? shape[shape.length - 1] : 1;
        const selection = shape.map((_, at) => at < axis ? '0' : at === axis ? `${this.#first}:${end}` : `0:${MOST_COLUMNS}`).join(',');
        this.#earlier.toggleAttribute('disabled', this.#first === 0);
        this.#later.toggleAttribute('disabled', end >= rows);
        if (shape.includes(0)) {
            this.#place.replaceChildren(element('p', {}, 'There are no values.'));
            return;
        }
        try {
            const values = await getElements(this.#file, this.#path, selection);
            if (question !== this.#question) {
                return;
            }
            this.#place.replaceChildren(shape.length === 0 ? element('p', { class: 'file-value' }, cellText(values)) : this.#table(values));
            setText(this.#status, partText(shape, this.#first, end, Math.min(columns, MOST_COLUMNS)));
        } catch (error) {
            if (question === this.#question) {
                setText(this.#status, problemOf(error));
            }
        }
    }

    /** @param {any[]} values */
    #table(values) {
        const isWide = this.#shape.length > 1;
        const columns = isWide ? Math.min(this.#shape[this.#shape.length - 1], MOST_COLUMNS) : 1;
        const headings = isWide ? Array.from({ length: columns }, (_, at) => `column ${at}`) : ['value'];
        const rows = values.map((row, at) => [count(this.#first + at), ...(isWide ? row : [row]).map(cellText)]);
        const isNumber = typeof (isWide ? values[0]?.[0] : values[0]) === 'number';
        return scrollable('Values of the dataset',
            table('Values of the dataset', ['Row', ...headings], rows, { numbersFrom: isNumber ? 1 : Infinity }));
    }
}

/**
 * @param {number[]} shape
 * @param {number} first
 * @param {number} end
 * @param {number} columns
 */
function partText(shape, first, end, columns) {
    if (shape.length === 0) {
        return '';
    }
    const axis = Math.max(shape.length - 2, 0);
    const texts = [`Rows ${count(first)} to ${count(end - 1)} of ${count(shape[axis])}.`];
    if (shape.length > 1 && shape[shape.length - 1] > columns) {
        texts.push(`The first ${count(columns)} of ${count(shape[shape.length - 1])} columns.`);
    }
    if (shape.length > 2) {
        texts.push('Of the other dimensions, only index 0.');
    }
    return texts.join(' ');
}

/**
 * Returns a value of a file as the text of a cell of a table.
 * @param {any} value
 * @returns {string}
 */
export function cellText(value) {
    if (value === null || value === undefined) {
        return UNKNOWN;
    }
    const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}
