// @ts-check
/**
 * A picture of numbers in rows and columns, with axes, a scale of colours, a pointer for mouse and keys, and a table.
 */

import { rangeOf } from './colours.js';
import { element, scrollable, setAttribute, setText, table } from './elements.js';
import { count, UNKNOWN, value } from './format.js';
import { drawnShape, drawRaster, drawScale, sourceOf } from './raster.js';

/** @import { Orientation } from './raster.js' */
/** @import { Raster } from './types.js' */

/** Most rows and columns of the table of values. */
const TABLE_SIDE = 20;

/** How far from a square a picture may be drawn. */
const WIDEST = 4;
const NARROWEST = 0.5;

/** Height of a picture, at most, in sizes of letters. */
const TALLEST = 24;

export class RasterPicture {
    #canvas = document.createElement('canvas');
    #mark = element('div', { class: 'mark', hidden: true });
    #readout = element('p', { class: 'readout', role: 'status' });
    #low = element('span', {});
    #high = element('span', {});
    #across = element('p', { class: 'axis-across' });
    #down = element('p', { class: 'axis-down' });
    /** @type {Raster | null} */
    #raster = null;
    /** @type {Orientation} */
    #orientation = { transpose: false, flipRows: false, flipColumns: false };
    /** What is said while nothing is pointed at. */
    #idle = ' ';
    /** What the values are. */
    #name = '';
    /** Cell of the picture that is pointed at. @type {[number, number] | null} */
    #pointed = null;
    element = element('div', { class: 'picture' });

    constructor() {
        const scale = document.createElement('canvas');
        drawScale(scale);
        scale.setAttribute('aria-hidden', 'true');
        this.#canvas.setAttribute('role', 'img');
        this.#canvas.tabIndex = 0;
        this.#canvas.addEventListener('pointermove', event => this.#point(this.#cellAt(event)));
        this.#canvas.addEventListener('pointerleave', () => this.#point(null));
        this.#canvas.addEventListener('blur', () => this.#point(null));
        this.#canvas.addEventListener('keydown', event => this.#onKey(event));
        this.element.append(this.#down,
            element('div', { class: 'picture-frame' }, this.#canvas, this.#mark),
            this.#across,
            element('div', { class: 'colour-scale' }, this.#low, scale, this.#high), this.#readout);
    }

    /**
     * Draws values.
     * @param {Raster} raster
     * @param {object} how
     * @param {Orientation} how.orientation
     * @param {boolean} how.isLog
     * @param {[string, string]} how.axes what grows down and across the untransposed picture
     * @param {string} how.name what the values are
     * @param {string} how.description of the picture, for those who do not see it
     * @param {string} how.idle what is said while nothing is pointed at
     */
    show(raster, { orientation, isLog, axes, name, description, idle }) {
        this.#raster = raster;
        this.#orientation = orientation;
        this.#idle = idle;
        this.#name = name;
        const range = rangeOf(raster.values, isLog);
        drawRaster(this.#canvas, raster, orientation, range);
        const [rows, columns] = drawnShape(raster, orientation);
        const ratio = Math.min(Math.max(columns / rows, NARROWEST), WIDEST);
        this.#canvas.style.aspectRatio = String(ratio);
        this.element.style.maxWidth = `${Math.max(ratio * TALLEST, 16)}rem`;
        setText(this.#low, value(range.low));
        setText(this.#high, value(range.high));
        const [down, across] = orientation.transpose ? [axes[1], axes[0]] : axes;
        setText(this.#across, across);
        setText(this.#down, down);
        const { lowest, highest } = statistics(raster.values);
        setAttribute(this.#canvas, 'aria-label',
            `${description} Values from ${value(lowest)} to ${value(highest)}. Arrow keys move the pointer.`);
        this.#point(this.#pointed);
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
            setText(this.#readout, this.#idle);
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

    /** Returns the values as a table. */
    table() {
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
        return element('div', {}, element('p', {}, summary + part), scrollable(`Values of ${this.#name}`,
            table(`Values of ${this.#name}`, ['Row', ...columns.map(column => `column ${column}`)], rows, { numbersFrom: 1 })));
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
export function ordinal(number) {
    const isTeen = Math.floor((number % 100) / 10) === 1;
    return number === 1 ? '' : `${number}${isTeen ? 'th' : ['th', 'st', 'nd', 'rd'][number % 10] ?? 'th'} `;
}

/** @param {Float32Array} values */
export function statistics(values) {
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
