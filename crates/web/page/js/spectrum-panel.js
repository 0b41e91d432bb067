// @ts-check
/**
 * The last spectrum of an MCA.
 */

import { getRaster, problemOf } from './api.js';
import { shortNames } from './channels.js';
import { choice, choose } from './choices.js';
import { positiveOnly } from './curves.js';
import { element, scrollable, setAttribute, setText, table } from './elements.js';
import { count, countOf, value } from './format.js';
import { checkbox, Panel, select } from './panel.js';
import { axis, lineWidth, Plot, seriesColour } from './plot.js';

/** @import { DetailedScan, Raster } from './types.js' */

/** Most rows of the table of values. */
const TABLE_ROWS = 200;

/** Height of the plot in sizes of letters. */
const HEIGHT = 17;

export class SpectrumPanel {
    #scan;
    #channel;
    #isLog;
    #panel;
    #place = element('div', { class: 'plot', role: 'img' });
    #readout = element('p', { class: 'readout' });
    #plot;
    /** @type {Raster | null} */
    #spectrum = null;

    /**
     * @param {DetailedScan} scan
     * @param {string[]} channels at least one
     */
    constructor(scan, channels) {
        this.#scan = scan;
        const chosen = choice(scan.session, 'spectrum/channel', '');
        this.#channel = channels.includes(chosen) ? chosen : channels[0];
        this.#isLog = choice(scan.session, 'spectrum/log', false);
        this.#panel = new Panel('Last spectrum', () => this.#table());
        const shortName = shortNames(scan.channels);
        this.#panel.controls.append(
            select('Channel', channels.map(name => ({ value: name, text: shortName(name) })), this.#channel, name => {
                this.#channel = name;
                choose(scan.session, 'spectrum/channel', name);
                void this.refresh();
            }),
            checkbox('Logarithmic', this.#isLog, isSo => {
                this.#isLog = isSo;
                choose(scan.session, 'spectrum/log', isSo);
                this.#plot.rebuild(this.#data());
            }));
        this.#panel.body.append(this.#place, this.#readout);
        this.#panel.body.hidden = true;
        this.#plot = new Plot(this.#place, () => this.#options(), HEIGHT);
    }

    get element() {
        return this.#panel.element;
    }

    close() {
        this.#plot.close();
    }

    /** Asks for the spectrum, and draws it. */
    async refresh() {
        const channel = this.#channel;
        try {
            const spectrum = await getRaster(this.#scan.key, 'spectrum', channel);
            if (channel !== this.#channel) {
                return;
            }
            this.#spectrum = spectrum;
            this.#panel.note(spectrum ? '' : 'There is no spectrum yet.');
            this.#panel.body.hidden = !spectrum;
            this.#plot.setData(this.#data());
            setAttribute(this.#place, 'aria-label',
                `Last spectrum of ${channel}, ${countOf(spectrum?.values.length ?? 0, 'channel')}. "Show values" has the numbers.`);
            this.#show(null);
            this.#panel.updateValues();
        } catch (error) {
            this.#panel.note(problemOf(error));
        }
    }

    #data() {
        if (!this.#spectrum) {
            return null;
        }
        const values = Array.from(this.#spectrum.values, one => Number.isFinite(one) ? one : null);
        const columns = [values.map((_, at) => at), values];
        return this.#isLog ? positiveOnly(columns) : columns;
    }

    #options() {
        return {
            scales: { x: { time: false }, y: { distr: this.#isLog ? 3 : 1 } },
            axes: [axis('channel', false, { isWhole: true }), axis('', true, { isLog: this.#isLog })],
            series: [{}, { stroke: seriesColour(0), fill: `${seriesColour(0)}20`, width: lineWidth(1.25), points: { show: false } }],
            legend: { show: false },
            cursor: { drag: { setScale: true, x: true, y: false } },
            hooks: { setCursor: [(/** @type {any} */ plot) => this.#show(plot.cursor.idx)] },
        };
    }

    /** @param {number | null | undefined} pointed */
    #show(pointed) {
        const spectrum = this.#spectrum;
        if (!spectrum) {
            return;
        }
        const ofPoint = spectrum.index === null ? ' ' : `Point ${count(spectrum.index)} of the scan`;
        const isPointed = pointed !== null && pointed !== undefined;
        setText(this.#readout, isPointed ? `Channel ${pointed}: ${value(spectrum.values[pointed])}` : ofPoint);
    }

    #table() {
        const spectrum = this.#spectrum;
        if (!spectrum) {
            return element('p', {}, 'There are no values yet.');
        }
        const size = spectrum.values.length;
        const every = Math.ceil(size / TABLE_ROWS);
        const rows = [];
        for (let at = 0; at < size; at += every) {
            const highest = spectrum.values.subarray(at, at + every).reduce((one, other) => Math.max(one, other));
            rows.push([every > 1 ? `${at}–${Math.min(at + every, size) - 1}` : `${at}`, value(highest)]);
        }
        const label = every > 1 ? 'Highest value' : 'Value';
        return element('div', {}, scrollable(`Spectrum of ${this.#channel}`,
            table(`Spectrum of ${this.#channel}`, ['Channel', label], rows, { numbersFrom: 0 })));
    }
}
