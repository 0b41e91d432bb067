// @ts-check
/**
 * Curves of channels of numbers over an axis of the scan, or over the index of points.
 */

import { getCurves, problemOf } from './api.js';
import { axesOf, channelsToPlot, MOST_CURVES, namesOf, namesWithUnits, shortNames } from './channels.js';
import { ChannelList } from './channel-list.js';
import { choice, choose } from './choices.js';
import { onOwnScales, positiveOnly, tableOf } from './curves.js';
import { element, scrollable, setAttribute, table } from './elements.js';
import { count, countOf, value } from './format.js';
import { checkbox, Panel, select } from './panel.js';
import { axis, DASHES, lineWidth, Plot, seriesColour } from './plot.js';

/** @import { Table } from './curves.js' */
/** @import { Curve, DetailedScan } from './types.js' */

/** Most rows of the table of values. */
const TABLE_ROWS = 200;

/** Groups of points of a curve up to which each is marked by a dot. */
const MOST_DOTS = 120;

/** Height of the plot in sizes of letters. */
const HEIGHT = 22;

export class CurvePanel {
    #scan;
    /** Channel of the positions; empty for the index of points. */
    #x;
    #isLog;
    #hasOwnScales;
    #panel;
    #place = element('div', { class: 'plot', role: 'img' });
    #plot;
    #list;
    #shortName;
    #nameWithUnit;
    /** What was drawn last. @type {{curves: Curve[], table: Table} | null} */
    #shown = null;
    /** What the plot was made for. */
    #form = '';

    /** @param {DetailedScan} scan */
    constructor(scan) {
        this.#scan = scan;
        const { session } = scan;
        const names = namesOf(scan, 'number');
        const axes = axesOf(scan);
        this.#shortName = shortNames(scan.channels);
        this.#nameWithUnit = namesWithUnits(scan.channels);
        // In a scan of several axes, the positions of each go back and forth.
        const usual = axes.length === 1 ? axes[0] : '';
        const chosen = choice(session, 'curves/x', usual);
        this.#x = axes.includes(chosen) ? chosen : usual;
        this.#isLog = choice(session, 'curves/log', false);
        this.#hasOwnScales = choice(session, 'curves/own-scales', false);
        this.#panel = new Panel('Curves', () => this.#table());
        this.#list = new ChannelList(scan, names.filter(name => !axes.includes(name)).concat(axes), this.#shortName,
            this.#chosenOf(names), chosen => {
                choose(session, 'curves/channels', chosen);
                void this.refresh();
            });
        this.#addControls(axes);
        this.#panel.body.append(element('div', { class: 'curves' }, this.#place, this.#list.element));
        this.#plot = new Plot(this.#place, () => this.#options(), HEIGHT);
    }

    get element() {
        return this.#panel.element;
    }

    close() {
        this.#plot.close();
    }

    /** @param {string[]} names */
    #chosenOf(names) {
        const stored = choice(this.#scan.session, 'curves/channels', /** @type {string[]} */ ([]));
        const known = Array.isArray(stored) ? stored.filter(name => names.includes(name)) : [];
        return (known.length > 0 ? known : channelsToPlot(this.#scan)).slice(0, MOST_CURVES);
    }

    /** @param {string[]} axes */
    #addControls(axes) {
        const { session } = this.#scan;
        const over = [...axes.map(name => ({ value: name, text: this.#shortName(name) })), { value: '', text: 'point number' }];
        this.#panel.controls.append(
            select('Over', over, this.#x, name => {
                this.#x = name;
                choose(session, 'curves/x', name);
                void this.refresh();
            }),
            checkbox('Logarithmic', this.#isLog, isSo => {
                this.#isLog = isSo;
                choose(session, 'curves/log', isSo);
                this.#draw();
            }),
            checkbox('Each on its own scale', this.#hasOwnScales, isSo => {
                this.#hasOwnScales = isSo;
                choose(session, 'curves/own-scales', isSo);
                this.#draw();
            }));
    }

    /** Asks for the curves, and draws them. */
    async refresh() {
        const [x, names] = [this.#x, this.#list.chosen];
        if (names.length === 0) {
            this.#panel.note('No channel is chosen.');
            this.#shown = null;
            this.#plot.rebuild(null);
            return;
        }
        try {
            const { curves } = await getCurves(this.#scan.key, x || null, names);
            if (x !== this.#x || names.join() !== this.#list.chosen.join()) {
                return;
            }
            this.#shown = { curves, table: tableOf(curves, x !== '') };
            this.#panel.note(this.#missing(curves));
            this.#draw();
        } catch (error) {
            this.#panel.note(problemOf(error));
        }
    }

    /** @param {Curve[]} curves */
    #missing(curves) {
        const texts = [];
        const most = (/** @type {'lost' | 'gaps'} */ what) => Math.max(0, ...curves.map(curve => curve[what]));
        if (most('lost') > 0) {
            texts.push(`${countOf(most('lost'), 'point')} ${most('lost') === 1 ? 'is' : 'are'} lost, and missing in the file, too.`);
        }
        if (most('gaps') > 0) {
            texts.push(`${countOf(most('gaps'), 'point')} came when nobody looked or too fast to be drawn. The file has them.`);
        }
        if (this.#shown && !this.#shown.table.isOrdered) {
            texts.push('The positions go back and forth, so there are no lines between the points.');
        }
        if (curves.some(curve => curve.at.length > 1 && curve.seen > curve.at.length)) {
            texts.push('Each point of a curve shows the lowest and the highest of several values.');
        }
        return texts.join(' ');
    }

    #draw() {
        if (!this.#shown) {
            return;
        }
        const { curves, table: { columns, isOrdered } } = this.#shown;
        const scaled = this.#hasOwnScales ? onOwnScales(columns) : columns;
        const data = this.#isLog && !this.#hasOwnScales ? positiveOnly(scaled) : scaled;
        const hasDots = columns[0].length <= MOST_DOTS;
        const form = JSON.stringify([curves.map(curve => curve.name), this.#x, this.#isLog, this.#hasOwnScales, isOrdered, hasDots]);
        if (form === this.#form) {
            this.#plot.setData(data);
        } else {
            this.#form = form;
            this.#plot.rebuild(data);
        }
        const names = curves.map(curve => this.#shortName(curve.name)).join(', ');
        setAttribute(this.#place, 'aria-label', `Curves of ${names} over ${this.#xLabel()}. "Show values" has the numbers.`);
        this.#show(null);
        this.#panel.updateValues();
    }

    #xLabel() {
        return this.#x ? this.#nameWithUnit(this.#x) : 'point number';
    }

    #yLabel() {
        const names = this.#list.chosen;
        if (this.#hasOwnScales) {
            return 'part of the range of each';
        }
        return names.length === 1 ? this.#nameWithUnit(names[0]) : '';
    }

    #options() {
        const curves = this.#shown?.curves ?? [];
        const { columns: [positions], isOrdered } = this.#shown?.table ?? { columns: [[]], isOrdered: true };
        const hasDots = !isOrdered || positions.length <= MOST_DOTS;
        const series = curves.flatMap((_, at) => {
            const line = {
                stroke: seriesColour(at), width: isOrdered ? lineWidth(1.75) : 0, dash: DASHES[at],
                points: { show: hasDots, size: lineWidth(5), fill: seriesColour(at) },
            };
            return [line, { ...line, points: { show: false } }];
        });
        return {
            scales: { x: { time: false }, y: { distr: this.#isLog && !this.#hasOwnScales ? 3 : 1 } },
            axes: [axis(this.#xLabel(), false, { isWhole: this.#x === '' }), axis(this.#yLabel(), true, { isLog: this.#isLog && !this.#hasOwnScales })],
            series: [{}, ...series],
            bands: curves.map((_, at) => ({ series: [at * 2 + 2, at * 2 + 1], fill: `${seriesColour(at)}40` })),
            legend: { show: false },
            cursor: { points: { size: 8 }, drag: { setScale: true, x: true, y: false } },
            hooks: { setCursor: [(/** @type {any} */ plot) => this.#show(plot.cursor.idx)] },
        };
    }

    /**
     * Shows the values at a row of the table, those of the last one for `null`.
     * @param {number | null | undefined} pointed
     */
    #show(pointed) {
        if (!this.#shown) {
            return;
        }
        const { curves, table: { columns } } = this.#shown;
        const row = pointed ?? columns[0].length - 1;
        curves.forEach((curve, at) => {
            // Positions that fall are sorted, so the last value is not that of the last row.
            const last = curve.high.length - 1;
            const [low, high] = pointed === null || pointed === undefined
                ? [curve.low[last], curve.high[last]]
                : [columns[at * 2 + 1][row], columns[at * 2 + 2][row]];
            this.#list.showValue(curve.name, low === high ? value(low) : `${value(low)} … ${value(high)}`);
        });
        const isPointed = pointed !== null && pointed !== undefined;
        this.#list.showPosition(isPointed ? `at ${value(columns[0][row])}` : 'last values');
    }

    #table() {
        if (!this.#shown) {
            return element('p', {}, 'There are no values yet.');
        }
        const { curves, table: { columns } } = this.#shown;
        const every = Math.ceil(columns[0].length / TABLE_ROWS);
        const headings = [this.#xLabel(), ...curves.flatMap(curve => {
            const name = this.#nameWithUnit(curve.name);
            return isBand(curve) ? [`${name}, lowest`, `${name}, highest`] : [name];
        })];
        const shown = columns.filter((_, column) => column === 0 || column % 2 === 1 || isBand(curves[column / 2 - 1]));
        const rows = [];
        for (let row = 0; row < columns[0].length; row += every) {
            rows.push(shown.map(column => value(column[row])));
        }
        const part = every > 1 ? `${count(rows.length)} of ${count(columns[0].length)} rows.` : '';
        return element('div', {}, element('p', {}, part),
            scrollable('Values of the curves', table('Values of the curves', headings, rows, { numbersFrom: 0 })));
    }
}

/** @param {Curve} curve */
function isBand({ low, high }) {
    return low.some((value, at) => value !== high[at]);
}
