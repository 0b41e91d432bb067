// @ts-check
/**
 * One scan: what there is to say about it, and its plots, which follow it to its end.
 */

import { ApiError, getScan } from './api.js';
import { axesOf, namesOf } from './channels.js';
import { CurvePanel } from './curve-panel.js';
import { element, fill, setText } from './elements.js';
import { countOf } from './format.js';
import { PositionPanel } from './position-panel.js';
import { RasterPanel } from './raster-panel.js';
import { channelTable, ScanSummary } from './scan-summary.js';
import { SpectrumPanel } from './spectrum-panel.js';
import { hasEnded } from './types.js';

/** @import { DetailedScan, Scan } from './types.js' */

/** Milliseconds between two questions for values. */
const PERIOD = 500;

/** Milliseconds until a scan is asked for again that the writer does not know yet. */
const UNKNOWN_PERIOD = 2000;

/** @typedef {{element: HTMLElement, refresh: () => Promise<void>, close: () => void}} AnyPanel */

export class ScanView {
    #key;
    #summary = new ScanSummary();
    #message = element('p', { class: 'note', role: 'status' });
    #plots = element('div', { class: 'plots' });
    #channelCount = element('span', {}, 'Channels');
    #channels = element('details', { class: 'panel values', ontoggle: () => this.#showChannels() }, element('summary', {}, this.#channelCount));
    element = element('div', { class: 'scan' }, this.#summary.element, this.#message, this.#plots, this.#channels);
    /** @type {AnyPanel[]} */
    #panels = [];
    /** @type {DetailedScan | null} */
    #scan = null;
    /** What the plots were made for. */
    #form = '';
    #timer = 0;
    #isClosed = false;

    /** @param {string} key */
    constructor(key) {
        this.#key = key;
        this.#summary.element.hidden = true;
        this.#channels.hidden = true;
        document.addEventListener('visibilitychange', this.#onVisibility);
        void this.#follow();
    }

    get key() {
        return this.#key;
    }

    /** Ends all questions. */
    close() {
        this.#isClosed = true;
        clearTimeout(this.#timer);
        document.removeEventListener('visibilitychange', this.#onVisibility);
        this.#closePanels();
    }

    #closePanels() {
        for (const panel of this.#panels) {
            panel.close();
        }
        this.#panels = [];
    }

    /**
     * Shows what the state says about the scan, which comes more often than what this asks for.
     * @param {Scan} scan
     */
    update(scan) {
        this.#summary.element.hidden = false;
        this.#summary.update(scan);
        if (hasEnded(scan) && this.#scan && !hasEnded(this.#scan)) {
            this.#askIn(0);
        }
    }

    #onVisibility = () => {
        if (!document.hidden) {
            this.#askIn(0);
        }
    };

    /** @param {number} delay */
    #askIn(delay) {
        clearTimeout(this.#timer);
        if (!this.#isClosed) {
            this.#timer = setTimeout(() => this.#follow(), delay);
        }
    }

    /** Asks for the scan and its values, again and again until it has ended. */
    async #follow() {
        if (this.#isClosed || document.hidden) {
            return;
        }
        try {
            const scan = await getScan(this.#key);
            if (this.#isClosed) {
                return;
            }
            this.#scan = scan;
            const isForgotten = hasEnded(scan) && scan.channels.length === 0;
            setText(this.#message, isForgotten ? 'The values of this scan are no longer shown here. They are in its file.' : '');
            this.update(scan);
            this.#makePanels(scan);
            this.#showChannels();
            await Promise.all(this.#panels.map(panel => panel.refresh()));
            if (!hasEnded(scan)) {
                this.#askIn(PERIOD);
            }
        } catch (error) {
            if (this.#isClosed) {
                return;
            }
            const isUnknown = error instanceof ApiError && error.status === 404;
            if (isUnknown) {
                setText(this.#message, 'The writer has nothing to show of this scan. What was saved is in its file.');
            }
            this.#askIn(UNKNOWN_PERIOD);
        }
    }

    /** @param {DetailedScan} scan */
    #makePanels(scan) {
        const form = JSON.stringify([scan.grid, scan.axes, scan.plots, scan.channels.map(({ name, kind }) => [name, kind])]);
        if (form === this.#form) {
            return;
        }
        this.#form = form;
        this.#closePanels();
        this.#panels = panelsOf(scan);
        fill(this.#plots, ...this.#panels.map(panel => panel.element));
    }

    #showChannels() {
        const channels = this.#scan?.channels ?? [];
        this.#channels.hidden = channels.length === 0;
        setText(this.#channelCount, countOf(channels.length, 'channel'));
        if (!(this.#channels instanceof HTMLDetailsElement) || !this.#channels.open) {
            return;
        }
        const old = this.#channels.querySelector('.scrollable');
        if (old?.contains(document.activeElement)) {
            return;
        }
        old?.remove();
        this.#channels.append(channelTable(channels));
    }
}

/**
 * @param {DetailedScan} scan
 * @returns {AnyPanel[]}
 */
function panelsOf(scan) {
    const [numbers, spectra, images] = [namesOf(scan, 'number'), namesOf(scan, 'spectrum'), namesOf(scan, 'image')];
    const measured = numbers.filter(name => !axesOf(scan).includes(name));
    /** @type {AnyPanel[]} */
    const panels = [];
    if (scan.grid && measured.length > 0) {
        panels.push(new RasterPanel(scan, 'map', measured));
    } else if (axesOf(scan).length > 1 && measured.length > 0) {
        panels.push(new PositionPanel(scan));
    }
    if (images.length > 0) {
        panels.push(new RasterPanel(scan, 'image', images));
    }
    if (spectra.length > 0) {
        panels.push(new SpectrumPanel(scan, spectra));
    }
    if (numbers.length > 0) {
        const curves = new CurvePanel(scan);
        curves.element.classList.add('wide');
        panels.splice(axesOf(scan).length > 1 ? panels.length : 0, 0, curves);
    }
    return panels;
}
