// @ts-check
/**
 * Colours of values: a scale from dark violet through green to yellow, close to matplotlib's viridis. It rises evenly in lightness,
 * so it can be read in grey and with any colour vision.
 */

/** Points of the scale at equal distances, from the lowest value to the highest. */
const ANCHORS = [
    [68, 1, 84], [72, 29, 111], [69, 55, 129], [61, 78, 138], [52, 97, 141], [43, 116, 142], [36, 135, 142], [31, 153, 138],
    [41, 175, 127], [70, 192, 111], [109, 205, 89], [157, 217, 59], [206, 225, 29], [253, 231, 37],
];

/** Number of colours of the scale. */
export const STEPS = 256;

/** Red, green, blue and opacity of each colour, as canvases store them. */
export const SCALE = makeScale();

function makeScale() {
    const scale = new Uint8ClampedArray(STEPS * 4);
    for (let step = 0; step < STEPS; step += 1) {
        const place = (step / (STEPS - 1)) * (ANCHORS.length - 1);
        const before = Math.min(Math.floor(place), ANCHORS.length - 2);
        const part = place - before;
        for (let primary = 0; primary < 3; primary += 1) {
            const [low, high] = [ANCHORS[before][primary], ANCHORS[before + 1][primary]];
            scale[step * 4 + primary] = low + (high - low) * part;
        }
        scale[step * 4 + 3] = 255;
    }
    return scale;
}

/**
 * Where values lie on the scale.
 * @typedef {object} ColourRange
 * @property {number} low
 * @property {number} high
 * @property {boolean} isLog
 */

/**
 * Returns the step of a value on the scale, -1 for one that has none (not measured, or not positive on a logarithmic scale).
 * @param {number} value
 * @param {ColourRange} range
 */
export function stepOf(value, { low, high, isLog }) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) {
        return -1;
    }
    const part = isLog
        ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
        : (value - low) / (high - low);
    // If all values are equal, they have the middle of the scale.
    return Number.isFinite(part) ? Math.round(Math.min(Math.max(part, 0), 1) * (STEPS - 1)) : STEPS / 2;
}

/** Most values that are sorted to find the range. */
const SAMPLE = 20_000;

/**
 * Returns the range from the 1st to the 99th percentile, so that single hot pixels do not darken everything else.
 * @param {Float32Array} values
 * @param {boolean} isLog
 * @returns {ColourRange}
 */
export function rangeOf(values, isLog) {
    const stride = Math.max(1, Math.floor(values.length / SAMPLE));
    /** @type {number[]} */
    const sample = [];
    for (let at = 0; at < values.length; at += stride) {
        if (Number.isFinite(values[at]) && (!isLog || values[at] > 0)) {
            sample.push(values[at]);
        }
    }
    if (sample.length === 0) {
        return { low: isLog ? 1 : 0, high: isLog ? 10 : 1, isLog };
    }
    sample.sort((one, other) => one - other);
    const at = (/** @type {number} */ part) => sample[Math.round((sample.length - 1) * part)];
    const [low, high] = [at(0.01), at(0.99)];
    // A few high values on a background, all of them above the 99th percentile, have to be seen, too.
    return { low, high: high > low ? high : sample[sample.length - 1], isLog };
}
