// @ts-check
/**
 * A list of channels to choose those that are drawn. It is the legend of the plot, too.
 */

import { MOST_CURVES } from './channels.js';
import { element, fill, lineSample, setText } from './elements.js';
import { DASHES } from './plot.js';

/** @import { DetailedScan } from './types.js' */

/** Number of channels from which on the list can be filtered. */
const MANY = 12;

export class ChannelList {
    element;
    /** @type {Map<string, {row: HTMLElement, box: HTMLInputElement, sample: HTMLElement, value: HTMLElement}>} */
    #rows = new Map();
    #chosen;
    #onChange;
    #position = element('span', {});
    #hint = element('p', { class: 'note', role: 'status' });

    /**
     * @param {DetailedScan} scan
     * @param {string[]} names
     * @param {(name: string) => string} shortName
     * @param {string[]} chosen
     * @param {(chosen: string[]) => void} onChange
     */
    constructor(scan, names, shortName, chosen, onChange) {
        this.#chosen = chosen;
        this.#onChange = onChange;
        const rows = names.map(name => {
            const unit = scan.channels.find(channel => channel.name === name)?.unit;
            return this.#makeRow(name, shortName(name), unit ?? '');
        });
        const filter = element('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter channels', oninput: () => {
            const wanted = filter instanceof HTMLInputElement ? filter.value.toLowerCase() : '';
            for (const [name, { row }] of this.#rows) {
                row.hidden = !name.toLowerCase().includes(wanted);
            }
        } });
        this.element = element('fieldset', { class: 'channels' },
            element('legend', {}, 'Channels'),
            element('p', { class: 'channel-position' }, this.#position),
            names.length >= MANY && filter,
            element('div', { class: 'channel-rows' }, ...rows),
            this.#hint);
        this.#update();
    }

    /** Returns the names of the chosen channels, in the order of their colours. */
    get chosen() {
        return this.#chosen;
    }

    /**
     * Says which values are shown.
     * @param {string} text
     */
    showPosition(text) {
        setText(this.#position, text);
    }

    /**
     * @param {string} name
     * @param {string} text
     */
    showValue(name, text) {
        const row = this.#rows.get(name);
        if (row) {
            setText(row.value, text);
        }
    }

    /**
     * @param {string} name
     * @param {string} shortName
     * @param {string} unit
     */
    #makeRow(name, shortName, unit) {
        const box = document.createElement('input');
        box.type = 'checkbox';
        box.checked = this.#chosen.includes(name);
        box.addEventListener('change', () => {
            this.#chosen = box.checked ? [...this.#chosen, name] : this.#chosen.filter(one => one !== name);
            this.#update();
            this.#onChange(this.#chosen);
        });
        const [sample, value] = [element('span', { class: 'sample' }), element('span', { class: 'channel-value' })];
        const row = element('label', { class: 'channel', title: name }, box, sample,
            element('span', { class: 'channel-name' }, shortName), value, element('span', { class: 'unit' }, unit));
        this.#rows.set(name, { row, box, sample, value });
        return row;
    }

    #update() {
        const isFull = this.#chosen.length >= MOST_CURVES;
        setText(this.#hint, isFull ? `At most ${MOST_CURVES} at once.` : '');
        for (const [name, { box, sample, value }] of this.#rows) {
            const place = this.#chosen.indexOf(name);
            box.disabled = isFull && place < 0;
            if (place < 0) {
                fill(sample);
                setText(value, '');
            } else {
                fill(sample, lineSample(place + 1, DASHES[place]));
            }
        }
    }
}
