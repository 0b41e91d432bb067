// @ts-check
/**
 * Values at the positions of two axes that form no grid, as coloured dots.
 */

import { getCurves, problemOf } from './api.js';
import { axesOf, channelsToPlot, namesOf, namesWithUnits, shortNames } from './channels.js';
import { choice, choose } from './choices.js';
import { rangeOf, SCALE, stepOf } from './colours.js';
import { element, scrollable, setAttribute, setText, table } from './elements.js';
import { count, value } from './format.js';
import { Panel, select } from './panel.js';
import { axis, lineWidth, Plot } from './plot.js';
import { drawScale } from './raster.js';

/** @import { Curve, DetailedScan } from './types.js' */

/** Most rows of the table of values. */
const TABLE_ROWS = 200;

/** Height of the plot in sizes of letters. */
const HEIGHT = 22;

/** @typedef {{x: number, y: number, value: number}} Dot */

export class PositionPanel {
    #scan;
    #axes;
    #channel;
    #panel;
    #place = element('div', { class: 'plot', role: 'img' });
    #low = element('span', {});
    #high = element('span', {});
    #plot;
    /** @type {Dot[]} */
    #dots = [];
    #shortName;
    #nameWithUnit;

    /**
     * @param {DetailedScan} scan with at least two axes
     */
    constructor(scan) {
        this.#scan = scan;
        this.#axes = axesOf(scan).slice(0, 2);
        this.#shortName = shortNames(scan.channels);
        this.#nameWithUnit = namesWithUnits(scan.channels);
        const channels = namesOf(scan, 'number').filter(name => !this.#axes.includes(name));
        const chosen = choice(scan.session, 'positions/channel', '');
        this.#channel = [chosen, ...channelsToPlot(scan), ...channels].find(name => channels.includes(name)) ?? '';
        this.#panel = new Panel('Values by position', () => this.#table());
        this.#panel.controls.append(select('Channel', channels.map(name => ({ value: name, text: this.#shortName(name) })), this.#channel, name => {
            this.#channel = name;
            choose(scan.session, 'positions/channel', name);
            void this.refresh();
        }));
        const scale = document.createElement('canvas');
        drawScale(scale);
        scale.setAttribute('aria-hidden', 'true');
        this.#panel.body.append(this.#place, element('div', { class: 'colour-scale' }, this.#low, scale, this.#high));
        this.#plot = new Plot(this.#place, () => this.#options(), HEIGHT);
    }

    get element() {
        return this.#panel.element;
    }

    close() {
        this.#plot.close();
    }

    /** Asks for positions and values, and draws them. */
    async refresh() {
        const channel = this.#channel;
        if (channel === '') {
            return;
        }
        try {
            const { curves } = await getCurves(this.#scan.key, null, [...this.#axes, channel]);
            if (channel !== this.#channel) {
                return;
            }
            this.#dots = dotsOf(curves);
            const merged = curves.some(curve => curve.seen > curve.at.length);
            this.#panel.note(merged ? 'Each dot stands for several points, at the middle of their positions.' : '');
            this.#plot.setData([this.#dots.map(dot => dot.x), this.#dots.map(dot => dot.y)]);
            setAttribute(this.#place, 'aria-label', `Values of ${this.#shortName(channel)} at ${count(this.#dots.length)} positions. `
                + '"Show values" has the numbers.');
            this.#panel.updateValues();
        } catch (error) {
            this.#panel.note(problemOf(error));
        }
    }

    #options() {
        const [x, y] = this.#axes.map(this.#nameWithUnit);
        return {
            scales: { x: { time: false } },
            axes: [axis(x, false), axis(y, true)],
            series: [{}, { paths: () => null, points: { show: false } }],
            legend: { show: false },
            cursor: { show: false },
            hooks: { draw: [(/** @type {any} */ plot) => this.#drawDots(plot)] },
        };
    }

    /** @param {any} plot */
    #drawDots(plot) {
        const range = rangeOf(Float32Array.from(this.#dots, dot => dot.value), false);
        setText(this.#low, value(range.low));
        setText(this.#high, value(range.high));
        const radius = lineWidth(Math.max(2, Math.min(7, 90 / Math.sqrt(this.#dots.length + 1)))) * devicePixelRatio;
        for (const dot of this.#dots) {
            const step = stepOf(dot.value, range);
            if (step >= 0) {
                plot.ctx.fillStyle = `rgb(${SCALE.subarray(step * 4, step * 4 + 3).join(',')})`;
                plot.ctx.beginPath();
                plot.ctx.arc(plot.valToPos(dot.x, 'x', true), plot.valToPos(dot.y, 'y', true), radius, 0, 2 * Math.PI);
                plot.ctx.fill();
            }
        }
    }

    #table() {
        const every = Math.ceil(this.#dots.length / TABLE_ROWS) || 1;
        const rows = this.#dots.filter((_, at) => at % every === 0).map(dot => [value(dot.x), value(dot.y), value(dot.value)]);
        const headings = [...this.#axes, this.#channel].map(this.#nameWithUnit);
        return scrollable('Table of values by position', table('Values by position', headings, rows, { numbersFrom: 0 }));
    }
}

/**
 * Returns the positions and values that all three channels have, in the order of their x.
 * @param {Curve[]} curves x, y, value
 * @returns {Dot[]}
 */
function dotsOf(curves) {
    const middle = (/** @type {Curve} */ { low, high }, /** @type {number} */ at) => {
        const [lowest, highest] = [low[at], high[at]];
        return lowest === null || highest === null ? NaN : (lowest + highest) / 2;
    };
    const length = Math.min(...curves.map(curve => curve.at.length));
    const [x, y, values] = curves;
    return Array.from({ length }, (_, at) => ({ x: middle(x, at), y: middle(y, at), value: middle(values, at) }))
        .filter(dot => Number.isFinite(dot.x) && Number.isFinite(dot.y))
        .sort((one, other) => one.x - other.x);
}
