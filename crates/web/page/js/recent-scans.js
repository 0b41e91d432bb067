// @ts-check
/**
 * The scans that have ended last.
 */

import { getScans } from './api.js';
import { element } from './elements.js';
import { ScanTable } from './scan-table.js';

/** @import { State } from './types.js' */

/** Number of scans that are shown. */
const FEW = 8;

export class RecentScans {
    #table = new ScanTable('The last scans');
    #asked = '';
    element = element('section', { class: 'panel', 'aria-labelledby': 'recent', hidden: true },
        element('div', { class: 'panel-head' }, element('h2', { id: 'recent' }, 'Last scans'), element('a', { href: '#/history' }, 'All scans')),
        this.#table.element);

    /** @param {State} state */
    update({ last }) {
        const newest = last?.key ?? '';
        if (newest !== this.#asked) {
            this.#asked = newest;
            void this.#refresh();
        }
    }

    async #refresh() {
        try {
            const { scans } = await getScans({ limit: 3 * FEW });
            const ended = scans.filter(scan => 'outcome' in scan).slice(0, FEW);
            this.#table.show(ended);
            this.element.hidden = ended.length === 0;
        } catch {
            // The head of the page says that there is no connection.
            this.#asked = '';
        }
    }
}
