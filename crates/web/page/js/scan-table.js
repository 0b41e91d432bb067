// @ts-check
/**
 * Scans as rows of a table.
 */

import { fileAddress, scanAddress } from './addresses.js';
import { element, fill, matchChildren } from './elements.js';
import { bytes, count, duration, UNKNOWN } from './format.js';
import { badge, signOfScan } from './outcome.js';
import { timeElement } from './times.js';
import { hasEnded } from './types.js';

/** @import { Scan } from './types.js' */

/** @type {[string, string][]} heading, class */
const COLUMNS = [
    ['Scan', ''], ['Outcome', ''], ['Time', ''], ['Points', 'number'], ['Size', 'number wide-only'], ['Duration', 'number wide-only'],
    ['Title', 'wide-only'], ['File', 'wide-only'],
];

export class ScanTable {
    #body = element('tbody', {});
    element;

    /** @param {string} caption */
    constructor(caption) {
        this.element = element('table', { class: 'scans' },
            element('caption', { class: 'visually-hidden' }, caption),
            element('thead', {}, element('tr', {}, ...COLUMNS.map(([text, kind]) => element('th', { scope: 'col', class: kind || null }, text)))),
            this.#body);
    }

    /** @param {Scan[]} scans */
    show(scans) {
        matchChildren(this.#body, scans, scan => scan.key, () => element('tr', {}), (row, scan) => {
            // Rows of ended scans stay as they are, so that links in them keep the focus.
            const form = JSON.stringify(scan);
            if (row.dataset.form !== form) {
                row.dataset.form = form;
                fill(row, ...cells(scan));
            }
        });
    }
}

/** @param {Scan} scan */
function cells(scan) {
    const ended = hasEnded(scan);
    const [file] = scan.files ?? [];
    const reason = ended ? scan.reason : scan.text;
    const link = element('a', { href: scanAddress(scan.key) }, scan.name);
    const contents = [
        [link],
        [badge(signOfScan(scan)), reason && !(ended && scan.outcome === 'complete') ? element('span', { class: 'cell-reason' }, reason) : null],
        [timeElement(ended ? scan.ended : scan.started, 'seconds')],
        [count(scan.points)],
        [bytes(scan.bytes)],
        [ended ? duration(scan.duration_seconds) : UNKNOWN],
        [element('span', { class: 'cell-title', title: scan.title }, scan.title)],
        [file ? element('a', { class: 'path', title: file.path, href: fileAddress(file.id, `/${file.entry ?? ''}`) }, file.path.slice(file.path.lastIndexOf('/') + 1)) : UNKNOWN],
    ];
    return contents.map((content, column) => {
        const kind = COLUMNS[column][1] || null;
        return column === 0 ? element('th', { scope: 'row' }, ...content) : element('td', { class: kind }, ...content);
    });
}
