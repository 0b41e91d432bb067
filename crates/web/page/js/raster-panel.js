// @ts-check
/**
 * A map of a grid scan, or the last image of a detector.
 */

import { getRaster } from './api.js';
import { channelsToPlot, shortNames } from './channels.js';
import { choice, choose } from './choices.js';
import { rangeOf } from './colours.js';
import { element, scrollable, setAttribute, setText, table } from './elements.js';
import { count, UNKNOWN, value } from './format.js';
import { checkbox, Panel, select } from './panel.js';
import { drawnShape, drawRaster, drawScale, sourceOf } from './raster.js';

/** @import { Orientation } from './raster.js' */
/** @import { DetailedScan, Raster } from './types.js' */

/** Most rows and columns of the table of values. */
const TABLE_SIDE = 20;

/** How far from a square a picture may be drawn. */
const WIDEST = 4;
const NARROWEST = 0.5;

/** Height of a picture, at most, in sizes of letters. */
const TALLEST = 24;

export class RasterPanel {
    #scan;
    #kind;
    #channel;
    #shortName;
    /** @type {Orientation} */
    #orientation;
    #isLog;
    #panel;
    #canvas = document.createElement('canvas');
    #picture = element('div', { class: 'picture' });
    #mark = element('div', { class: 'mark', hidden: true });
    #readout = element('p', { class: 'readout', role: 'status' });
    #low = element('span', {});
    #high = element('span', {});
    #across = element('p', { class: 'axis-across' });
    #down = element('p', { class: 'axis-down' });
    /** @type {Raster | null} */
    #raster = null;
    /** Cell of the picture that is pointed at. @type {[number, number] | null} */
    #pointed = null;

    /**
     * @param {DetailedScan} scan
     * @param {'map' | 'image'} kind
     * @param {string[]} channels at least one
     */
    constructor(scan, kind, channels) {
        this.#scan = scan;
        this.#kind = kind;
        const chosen = choice(scan.session, `${kind}/channel`, '');
        this.#channel = [chosen, ...channelsToPlot(scan)].find(name => channels.includes(name)) ?? channels[0];
        this.#shortName = shortNames(scan.channels);
        // Positions of motors grow upwards, rows of images downwards.
        this.#orientation = choice(scan.session, `${kind}/orientation`,
            { transpose: false, flipRows: kind === 'map', flipColumns: false });
        this.#isLog = choice(scan.session, `${kind}/log`, false);
        this.#panel = new Panel(kind === 'map' ? 'Map' : 'Last image', () => this.#table());
        this.#addControls(channels);
        const scale = document.createElement('canvas');
        drawScale(scale);
        scale.setAttribute('aria-hidden', 'true');
        this.#canvas.setAttribute('role', 'img');
        this.#canvas.tabIndex = 0;
        this.#canvas.addEventListener('pointermove', event => this.#point(this.#cellAt(event)));
        this.#canvas.addEventListener('pointerleave', () => this.#point(null));
        this.#canvas.addEventListener('blur', () => this.#point(null));
        this.#canvas.addEventListener('keydown', event => this.#onKey(event));
        this.#picture.append(this.#down,
            element('div', { class: 'picture-frame' }, this.#canvas, this.#mark),
            this.#across,
            element('div', { class: 'colour-scale' }, this.#low, scale, this.#high), this.#readout);
        this.#panel.body.append(this.#picture);
    }

    get element() {
        return this.#panel.element;
    }

    /** Nothing outside knows the panel. */
    close() {}

    /** @param {string[]} channels */
    #addControls(channels) {
        const { session } = this.#scan;
        const turn = (/** @type {keyof Orientation} */ what) => (/** @type {boolean} */ isSo) => {
            this.#orientation = { ...this.#orientation, [what]: isSo };
            choose(session, `${this.#kind}/orientation`, this.#orientation);
            this.#draw();
        };
        this.#panel.controls.append(
            select('Channel', channels.map(name => ({ value: name, text: this.#shortName(name) })), this.#channel, name => {
                this.#channel = name;
                choose(session, `${this.#kind}/channel`, name);
                void this.refresh();
            }),
            checkbox('Logarithmic', this.#isLog, isSo => {
                this.#isLog = isSo;
                choose(session, `${this.#kind}/log`, isSo);
                this.#draw();
            }),
            element('details', { class: 'menu' }, element('summary', {}, 'Turn'), element('div', { class: 'menu-body' },
                checkbox('Swap rows and columns', this.#orientation.transpose, turn('transpose')),
                checkbox('First row at the bottom', this.#orientation.flipRows, turn('flipRows')),
                checkbox('Mirrored', this.#orientation.flipColumns, turn('flipColumns')))));
    }

    /** Asks for the values, and draws them. */
    async refresh() {
        const channel = this.#channel;
        try {
            const raster = await getRaster(this.#scan.key, this.#kind, channel);
            if (channel !== this.#channel) {
                return;
            }
            this.#raster = raster;
            this.#panel.note('');
            this.#draw();
        } catch (error) {
            this.#panel.note(error instanceof Error ? error.message : String(error));
        }
    }

    #draw() {
        const raster = this.#raster;
        if (!raster) {
            return;
        }
        const range = rangeOf(raster.values, this.#isLog);
        drawRaster(this.#canvas, raster, this.#orientation, range);
        const [rows, columns] = drawnShape(raster, this.#orientation);
        const ratio = Math.min(Math.max(columns / rows, NARROWEST), WIDEST);
        this.#canvas.style.aspectRatio = String(ratio);
        this.#picture.style.maxWidth = `${Math.max(ratio * TALLEST, 16)}rem`;
        setText(this.#low, value(range.low));
        setText(this.#high, value(range.high));
        const [down, across] = this.#orientation.transpose ? this.#axes().reverse() : this.#axes();
        setText(this.#across, across);
        setText(this.#down, down);
        setAttribute(this.#canvas, 'aria-label', this.#description(raster));
        this.#point(this.#pointed);
        this.#panel.updateValues();
    }

    /** Names what grows down and across the untransposed picture. */
    #axes() {
        const { grid } = this.#scan;
        return this.#kind === 'map' && grid && grid.axes.length === 2 && grid.shape.length === 2 ? grid.axes.map(this.#shortName) : ['row', 'column'];
    }

    /** @param {Raster} raster */
    #description({ rows, columns, values, index }) {
        const { lowest, highest, measured } = statistics(values);
        const what = this.#kind === 'map'
            ? `Map of ${this.#channel}, ${count(rows)} by ${count(columns)} points, ${count(measured)} measured.`
            : `Image of ${this.#channel}${index === null ? '' : ` at point ${count(index)}`}, ${count(rows)} by ${count(columns)} pixels.`;
        return `${what} Values from ${value(lowest)} to ${value(highest)}. Arrow keys move the pointer.`;
    }

    /**
     * @param {PointerEvent} event
     * @returns {[number, number]}
     */
    #cellAt(event) {
        const box = this.#canvas.getBoundingClientRect();
        const cell = (/** @type {number} */ part, /** @type {number} */ cells) => Math.min(Math.max(Math.floor(part * cells), 0), cells - 1);
        return [cell((event.clientY - box.top) / box.height, this.#canvas.height),
            cell((event.clientX - box.left) / box.width, this.#canvas.width)];
    }

    /** @param {KeyboardEvent} event */
    #onKey(event) {
        /** @type {Record<string, [number, number]>} */
        const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
        const step = steps[event.key];
        if (step) {
            event.preventDefault();
            const [row, column] = this.#pointed ?? [0, 0];
            const inside = (/** @type {number} */ at, /** @type {number} */ size) => Math.min(Math.max(at, 0), size - 1);
            this.#point([inside(row + step[0], this.#canvas.height), inside(column + step[1], this.#canvas.width)]);
        }
    }

    /** @param {[number, number] | null} cell */
    #point(cell) {
        const raster = this.#raster;
        this.#pointed = cell;
        this.#mark.hidden = cell === null;
        if (!raster) {
            return;
        }
        if (cell === null) {
            const { index } = raster;
            setText(this.#readout, this.#kind === 'image' && index !== null ? `Point ${count(index)} of the scan` : ' ');
            return;
        }
        const [row, column] = sourceOf(raster, this.#orientation, ...cell);
        const [height, width] = drawnShape(raster, this.#orientation);
        Object.assign(this.#mark.style, {
            top: `${(cell[0] / height) * 100}%`, left: `${(cell[1] / width) * 100}%`,
            height: `${100 / height}%`, width: `${100 / width}%`,
        });
        const found = raster.values[row * raster.columns + column];
        const text = Number.isFinite(found) ? value(found) : 'not measured';
        setText(this.#readout, `Row ${row}, column ${column}: ${text}`);
    }

    #table() {
        const raster = this.#raster;
        if (!raster) {
            return element('p', {}, 'There are no values yet.');
        }
        const [every, across] = [Math.ceil(raster.rows / TABLE_SIDE), Math.ceil(raster.columns / TABLE_SIDE)];
        const columns = steps(raster.columns, across);
        const rows = steps(raster.rows, every).map(row => [count(row), ...columns.map(column => {
            const found = raster.values[row * raster.columns + column];
            return Number.isFinite(found) ? value(found) : UNKNOWN;
        })]);
        const { lowest, highest, mean } = statistics(raster.values);
        const summary = `Lowest ${value(lowest)}, highest ${value(highest)}, mean ${value(mean)}.`;
        const part = every > 1 || across > 1 ? ` The table has every ${ordinal(every)}row and every ${ordinal(across)}column.` : '';
        return element('div', {}, element('p', {}, summary + part), scrollable(`Values of ${this.#channel}`,
            table(`Values of ${this.#channel}`, ['Row', ...columns.map(column => `column ${column}`)], rows, { numbersFrom: 1 })));
    }
}

/**
 * @param {number} size
 * @param {number} step
 */
function steps(size, step) {
    return Array.from({ length: Math.ceil(size / step) }, (_, at) => at * step);
}

/**
 * `26th `, with a space; nothing for 1.
 * @param {number} number
 */
function ordinal(number) {
    const isTeen = Math.floor((number % 100) / 10) === 1;
    return number === 1 ? '' : `${number}${isTeen ? 'th' : ['th', 'st', 'nd', 'rd'][number % 10] ?? 'th'} `;
}

/** @param {Float32Array} values */
function statistics(values) {
    let [lowest, highest, sum, measured] = [Infinity, -Infinity, 0, 0];
    for (const one of values) {
        if (Number.isFinite(one)) {
            lowest = Math.min(lowest, one);
            highest = Math.max(highest, one);
            sum += one;
            measured += 1;
        }
    }
    return { lowest, highest, mean: sum / measured, measured };
}
