// @ts-check
/**
 * The first view: the scan that runs, or the last one. It follows the newest scan until a viewer picks one.
 */

import { scanAddress } from './addresses.js';
import { element, matchChildren, setAttribute, setText } from './elements.js';
import { percent, count } from './format.js';
import { RecentScans } from './recent-scans.js';
import { ScanView } from './scan-view.js';
import { Surroundings } from './surroundings.js';

/** @import { Scan, State } from './types.js' */

export class LiveView {
    #picked;
    #strip = element('ul', { class: 'running' });
    #follow = element('a', { class: 'button', href: '#/' }, 'Follow the newest scan');
    #following = element('p', { class: 'muted', role: 'status' });
    #nav = element('nav', { class: 'scan-strip', 'aria-label': 'Running scans' }, this.#strip, this.#follow, this.#following);
    #place = element('div', {});
    #empty = element('section', { class: 'panel empty' }, element('h1', {}, 'No scan yet'),
        element('p', {}, 'The next scan appears here as soon as it starts.'));
    #recent = new RecentScans();
    #surroundings = new Surroundings();
    /** @type {ScanView | null} */
    #scan = null;
    element = element('div', { class: 'live' },
        element('div', { class: 'live-main' }, this.#nav, this.#empty, this.#place, this.#recent.element), this.#surroundings.element);

    /** @param {string | null} picked key of the scan that the viewer has picked */
    constructor(picked) {
        this.#picked = picked;
        if (picked !== null) {
            this.#show(picked);
        }
    }

    close() {
        this.#scan?.close();
    }

    /** @param {State} state */
    update(state) {
        const chosen = this.#picked ?? state.scans[0]?.key ?? state.last?.key ?? null;
        this.#show(chosen);
        /** @type {Scan | undefined | null} */
        const known = [...state.scans, state.last].find(scan => scan?.key === chosen);
        if (known) {
            this.#scan?.update(known);
        }
        this.#updateStrip(state, chosen);
        this.#surroundings.update(state);
        this.#recent.update(state);
    }

    /** @param {string | null} key */
    #show(key) {
        this.#empty.hidden = key !== null;
        if (key === (this.#scan?.key ?? null)) {
            return;
        }
        this.#scan?.close();
        this.#scan = key === null ? null : new ScanView(key);
        this.#place.replaceChildren(...this.#scan ? [this.#scan.element] : []);
    }

    /**
     * @param {State} state
     * @param {string | null} chosen
     */
    #updateStrip({ scans }, chosen) {
        const isPicked = this.#picked !== null;
        this.#nav.hidden = scans.length < 2 && !isPicked;
        this.#follow.hidden = !isPicked;
        setText(this.#following, isPicked ? '' : 'The newest scan is followed.');
        matchChildren(this.#strip, this.#nav.hidden ? [] : scans, scan => scan.key,
            scan => element('li', {}, element('a', { href: scanAddress(scan.key) }, element('span', {}), element('span', { class: 'muted' }))),
            (child, scan) => {
                const link = /** @type {Element} */ (child.firstElementChild);
                const [name, progress] = link.children;
                setText(name, scan.name);
                setText(progress, scan.expected ? percent(scan.points, scan.expected) : count(scan.points));
                setAttribute(link, 'aria-current', scan.key === chosen ? 'true' : null);
            });
    }
}
