// @ts-check
/**
 * A dataset of numbers as a curve or as a heat map.
 */

import { getNumbers, problemOf } from './api.js';
import { inOrder } from './curves.js';
import { element, fill, setAttribute } from './elements.js';
import { numbersOf, shapeText } from './file-types.js';
import { axis, lineWidth, Plot, seriesColour } from './plot.js';
import { ordinal, RasterPicture } from './raster-picture.js';

/** @import { ObjectAbout } from './types.js' */

/** @typedef {{path: string, about: ObjectAbout}} FileDataset */

/** Most points of a curve. */
const MOST_POINTS = 20_000;

/** Most rows and columns of a heat map. */
const MOST_SIDE = 512;

/** Height of a curve in sizes of letters. */
const HEIGHT = 18;

/** Number of points up to which each is marked by a dot. */
const MOST_DOTS = 120;

export class FilePlot {
    #file;
    #signal;
    #axes;
    #place = element('div', { class: 'plot', role: 'img' });
    #note = element('p', { class: 'note', role: 'status' });
    /** @type {Plot | null} */
    #plot = null;
    #hasLines = true;
    #isClosed = false;
    element;

    /**
     * @param {string} file
     * @param {FileDataset} signal
     * @param {FileDataset[]} axes
     */
    constructor(file, signal, axes) {
        this.#file = file;
        this.#signal = signal;
        this.#axes = axes;
        this.element = element('section', { class: 'file-plot', 'aria-label': 'Plot' }, element('h3', {}, `Plot of ${nameOf(signal)}`),
            this.#place, this.#note);
        void this.#load();
    }

    close() {
        this.#isClosed = true;
        this.#plot?.close();
    }

    async #load() {
        const shape = this.#signal.about.shape ?? [];
        try {
            if (shape.length === 0 || shape.includes(0)) {
                fill(this.#note, 'There is nothing to draw yet.');
            } else if (shape.length === 1) {
                await this.#curve(shape[0]);
            } else {
                await this.#map(shape);
            }
        } catch (error) {
            fill(this.#note, problemOf(error));
        }
    }

    /**
     * @param {FileDataset} dataset
     * @param {string} selection
     */
    async #numbers({ path, about }, selection) {
        const type = about.type ?? { class: 1, dtype: '<f8', size: 8 };
        return numbersOf(await getNumbers(this.#file, path, selection), type);
    }

    /** @param {number} length */
    async #curve(length) {
        const every = Math.ceil(length / MOST_POINTS);
        const selection = `0:${length}:${every}`;
        const y = await this.#numbers(this.#signal, selection);
        // The positions of several axes are those of points in a plane.
        const over = this.#axes.length === 1 && this.#axes[0].about.shape?.length === 1 ? this.#axes[0] : null;
        const x = over ? await this.#numbers(over, selection) : null;
        if (this.#isClosed) {
            return;
        }
        const known = (/** @type {number} */ value) => Number.isFinite(value) ? value : null;
        const [columns, isOrdered] = inOrder([Array.from(y, (_, at) => known(x ? x[at] : at * every)), Array.from(y, known)]);
        this.#hasLines = isOrdered;
        const points = columns[0].length;
        const label = over ? nameOf(over) : 'index';
        this.#plot = new Plot(this.#place, () => this.#options(axis(label, false, { isWhole: !over }), points), HEIGHT);
        this.#plot.setData(columns);
        setAttribute(this.#place, 'aria-label', `Curve of ${nameOf(this.#signal)} over ${label}, ${points} points. The values are in the table.`);
        const notes = every > 1 ? [`Every ${ordinal(every)}value is drawn.`] : [];
        if (!this.#hasLines) {
            notes.push('The positions go back and forth, so there are no lines between the points.');
        }
        fill(this.#note, notes.join(' '));
    }

    /**
     * @param {object} across the axis of the positions
     * @param {number} points
     */
    #options(across, points) {
        const hasDots = !this.#hasLines || points <= MOST_DOTS;
        return {
            scales: { x: { time: false } },
            axes: [across, axis(nameOf(this.#signal), true)],
            series: [{}, {
                stroke: seriesColour(0), width: this.#hasLines ? lineWidth(1.75) : 0,
                points: { show: hasDots, size: lineWidth(5), fill: seriesColour(0) },
            }],
            legend: { show: false },
            cursor: { drag: { setScale: true, x: true, y: false } },
        };
    }

    /** @param {number[]} shape */
    async #map(shape) {
        const [height, width] = shape.slice(-2);
        const [down, across] = [Math.ceil(height / MOST_SIDE), Math.ceil(width / MOST_SIDE)];
        const first = shape.slice(0, -2).map(() => '0');
        const values = await this.#numbers(this.#signal, [...first, `0:${height}:${down}`, `0:${width}:${across}`].join(','));
        if (this.#isClosed) {
            return;
        }
        const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / across)];
        const name = nameOf(this.#signal);
        const named = this.#axes.length === 2 && shape.length === 2;
        const picture = new RasterPicture();
        picture.show({ rows, columns, values: Float32Array.from(values), index: null }, {
            orientation: { transpose: false, flipRows: named, flipColumns: false }, isLog: false, name, idle: ' ',
            axes: named ? [nameOf(this.#axes[0]), nameOf(this.#axes[1])] : ['row', 'column'],
            description: `Heat map of ${name}, ${rows} by ${columns} values.`,
        });
        this.#place.replaceWith(picture.element);
        const notes = [];
        if (down > 1 || across > 1) {
            notes.push(`Every ${ordinal(down)}row and every ${ordinal(across)}column is drawn.`);
        }
        if (first.length > 0) {
            notes.push(`The first of ${shapeText(shape.slice(0, -2))}.`);
        }
        fill(this.#note, notes.join(' '));
    }
}

/** @param {FileDataset} dataset */
function nameOf({ path }) {
    return path.slice(path.lastIndexOf('/') + 1);
}
