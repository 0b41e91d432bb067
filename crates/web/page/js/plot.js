// @ts-check
/**
 * A plot by uPlot that has the colours, the letters and the width of its surroundings.
 */

import { value } from './format.js';

/** uPlot is a script of its own, which index.html loads first. @type {any} */
export const uPlot = Reflect.get(window, 'uPlot');

/** How the lines of a plot differ besides their colour. */
export const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [14, 4], [2, 6], [10, 3, 2, 3, 2, 3]];

const darkness = matchMedia('(prefers-color-scheme: dark)');

/**
 * Returns a colour of the style sheet.
 * @param {string} name
 */
export function styleColour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * Returns the colour of a line.
 * @param {number} series
 */
export function seriesColour(series) {
    return styleColour(`series-${(series % DASHES.length) + 1}`);
}

/** Returns the width of lines of a plot in pixels, for letters of the usual size. @param {number} width */
export function lineWidth(width) {
    return (width * letterSize()) / 16;
}

/** Returns the size of letters of the document in pixels: all else is measured by it. */
function letterSize() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

/** Distances of the ticks of an axis that counts something. */
const WHOLE_STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map(step => step * 10 ** power)).flat();

/**
 * Returns an axis for `uPlot`.
 * @param {string} label
 * @param {boolean} isVertical
 * @param {{isLog?: boolean, isWhole?: boolean}} [kind] whether the scale is logarithmic, and whether it has whole numbers only
 */
export function axis(label, isVertical, { isLog = false, isWhole = false } = {}) {
    const size = letterSize();
    const colour = styleColour('muted');
    const line = { stroke: styleColour('line'), width: 1 };
    // uPlot understands whole numbers of pixels only.
    const font = (/** @type {number} */ part) => `${Math.round(size * part)}px system-ui, sans-serif`;
    return {
        label, stroke: colour, grid: isLog ? { ...line, filter: powersOfTen } : line, ticks: { ...line, size: 5 },
        font: font(0.76), labelFont: font(0.82), labelGap: 0,
        labelSize: size * 1.4, size: isVertical ? size * 3.8 : size * 1.9,
        space: isVertical ? size * 2.5 : size * 5,
        ...isWhole ? { incrs: WHOLE_STEPS } : {},
        values: (/** @type {any} */ _, /** @type {(number | null)[]} */ ticks) => ticks.map(tick => tick === null ? '' : value(tick)),
    };
}

/**
 * Leaves out lines of a grid between powers of ten.
 * @param {any} _
 * @param {number[]} splits
 */
function powersOfTen(_, splits) {
    return splits.map(split => Number.isInteger(Math.round(Math.log10(split) * 1e6) / 1e6) ? split : null);
}

export class Plot {
    #place;
    #makeOptions;
    #height;
    #observer;
    /** @type {any} */
    #plot = null;
    /** @type {any} */
    #data = null;

    /**
     * @param {HTMLElement} place
     * @param {() => object} makeOptions options of uPlot, without the size
     * @param {number} height in sizes of letters
     */
    constructor(place, makeOptions, height) {
        this.#place = place;
        this.#makeOptions = makeOptions;
        this.#height = height;
        this.#observer = new ResizeObserver(() => this.#resize());
        this.#observer.observe(place);
        darkness.addEventListener('change', this.#onDarkness);
    }

    #onDarkness = () => this.rebuild();

    /** Ends all that would keep the plot in memory: a page may be open for months. */
    close() {
        this.#observer.disconnect();
        darkness.removeEventListener('change', this.#onDarkness);
        this.rebuild(null);
    }

    /** @param {any} data arrays of numbers, the first of which rises; `null` for no plot */
    setData(data) {
        if (this.#plot && data) {
            this.#data = data;
            this.#plot.setData(data);
        } else {
            this.rebuild(data);
        }
    }

    /**
     * Makes the plot anew: options have changed.
     * @param {any} [data]
     */
    rebuild(data = this.#data) {
        this.#data = data;
        this.#plot?.destroy();
        this.#plot = null;
        const { width, height } = this.#size();
        if (this.#data && width > 0) {
            this.#plot = new uPlot({ ...this.#makeOptions(), width, height }, this.#data, this.#place);
        }
    }

    #size() {
        return { width: Math.floor(this.#place.clientWidth), height: Math.floor(this.#height * letterSize()) };
    }

    #resize() {
        const { width, height } = this.#size();
        if (!this.#plot) {
            this.rebuild();
        } else if (width > 0 && width !== this.#plot.width) {
            this.#plot.setSize({ width, height });
        }
    }
}
