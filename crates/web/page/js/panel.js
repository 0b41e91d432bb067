// @ts-check
/**
 * What all plots have in common: a heading, controls, a line that says what is missing, and the values as a table.
 */

import { element, fill, setText } from './elements.js';

let lastId = 0;

/** Returns a name that no other element has. */
export function newId() {
    lastId += 1;
    return `made-${lastId}`;
}

export class Panel {
    /** @type {HTMLElement} */
    element;
    controls = element('div', { class: 'controls' });
    body = element('div', { class: 'panel-body' });
    #note = element('p', { class: 'note' });
    #values = element('div', {});
    #details;
    #build;

    /**
     * @param {string} heading
     * @param {() => HTMLElement} buildTable makes the table of values, which is asked for only while it is seen
     */
    constructor(heading, buildTable) {
        const id = newId();
        this.#build = buildTable;
        this.#details = element('details', { class: 'values', ontoggle: () => this.updateValues() },
            element('summary', {}, 'Show values', element('span', { class: 'visually-hidden' }, ` of: ${heading}`)),
            this.#values);
        this.element = element('section', { class: 'panel', 'aria-labelledby': id },
            element('div', { class: 'panel-head' }, element('h2', { id }, heading), this.controls),
            this.body, this.#note, this.#details);
    }

    /**
     * Says what is missing, or nothing.
     * @param {string} text
     */
    note(text) {
        setText(this.#note, text);
    }

    /** Makes the table again, if it is seen. */
    updateValues() {
        if (!(this.#details instanceof HTMLDetailsElement) || !this.#details.open) {
            return;
        }
        const place = this.#values.querySelector('.scrollable')?.scrollTop ?? 0;
        const hadFocus = this.#values.contains(document.activeElement);
        fill(this.#values, this.#build());
        const region = this.#values.querySelector('.scrollable');
        if (region instanceof HTMLElement) {
            region.scrollTop = place;
            if (hadFocus) {
                region.focus({ preventScroll: true });
            }
        }
    }
}

/**
 * Returns a list to choose one of, with its label.
 * @param {string} label
 * @param {{value: string, text: string}[]} options
 * @param {string} chosen
 * @param {(value: string) => void} onChange
 */
export function select(label, options, chosen, onChange) {
    const list = element('select', { onchange: (/** @type {Event} */ event) => {
        if (event.target instanceof HTMLSelectElement) {
            onChange(event.target.value);
        }
    } }, ...options.map(({ value, text }) => element('option', { value, selected: value === chosen }, text)));
    return element('label', { class: 'field' }, element('span', {}, label), list);
}

/**
 * Returns a box to check, with its label.
 * @param {string} label
 * @param {boolean} isChecked
 * @param {(isChecked: boolean) => void} onChange
 */
export function checkbox(label, isChecked, onChange) {
    const box = element('input', { type: 'checkbox', checked: isChecked, onchange: (/** @type {Event} */ event) => {
        if (event.target instanceof HTMLInputElement) {
            onChange(event.target.checked);
        }
    } });
    return element('label', { class: 'check' }, box, element('span', {}, label));
}
