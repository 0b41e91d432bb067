// @ts-check
/**
 * Writes numbers for people.
 */

/** A space at which no line is broken. */
const NBSP = '\u00a0';

/** What is shown for something that is not known. */
export const UNKNOWN = '–';

const COUNT = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const THREE_DIGITS = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });
const FIVE_DIGITS = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 5 });

/** @typedef {number | null | undefined} Maybe */

/**
 * `12,345`
 * @param {Maybe} number
 */
export function count(number) {
    return isKnown(number) ? COUNT.format(number) : UNKNOWN;
}

/**
 * `1 point`, `12,345 points`
 * @param {Maybe} number
 * @param {string} noun
 */
export function countOf(number, noun) {
    return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * A measured value: `0.031416`, `12,346`, `1.2346e-9`
 * @param {Maybe} number
 */
export function value(number) {
    if (!isKnown(number)) {
        return UNKNOWN;
    }
    const size = Math.abs(number);
    if (size !== 0 && (size < 1e-4 || size >= 1e9)) {
        return number.toExponential(4).replace(/\.?0+e/, 'e').replace('e+', 'e');
    }
    return size >= 1e5 ? COUNT.format(number) : FIVE_DIGITS.format(number);
}

/**
 * `1.2 MB`; a kilobyte has 1,000 bytes.
 * @param {Maybe} number
 */
export function bytes(number) {
    if (!isKnown(number)) {
        return UNKNOWN;
    }
    const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
    let unit = 0;
    let scaled = number;
    while (scaled >= 999.5 && unit < units.length - 1) {
        scaled /= 1000;
        unit += 1;
    }
    return `${THREE_DIGITS.format(scaled)}${NBSP}${units[unit]}`;
}

/**
 * `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`
 * @param {Maybe} seconds
 */
export function duration(seconds) {
    if (!isKnown(seconds)) {
        return UNKNOWN;
    }
    if (seconds < 9.95) {
        return `${ONE_DECIMAL.format(Math.max(seconds, 0))}${NBSP}s`;
    }
    const whole = Math.round(seconds);
    for (const [size, unit, smaller, smallerUnit] of /** @type {[number, string, number, string][]} */ (
        [[86400, 'd', 3600, 'h'], [3600, 'h', 60, 'min'], [60, 'min', 1, 's']])) {
        if (whole >= size) {
            const rest = Math.floor((whole % size) / smaller);
            return `${COUNT.format(Math.floor(whole / size))}${NBSP}${unit}${rest ? ` ${rest}${NBSP}${smallerUnit}` : ''}`;
        }
    }
    return `${whole}${NBSP}s`;
}

/**
 * A duration in its largest unit only: `3 min`
 * @param {number} seconds
 */
export function roughDuration(seconds) {
    return duration(Math.floor(Math.max(seconds, 0))).split(' ')[0];
}

/**
 * `1,200 points/s`
 * @param {Maybe} perSecond
 */
export function pointRate(perSecond) {
    return isKnown(perSecond) ? `${perSecond < 10 ? ONE_DECIMAL.format(perSecond) : count(perSecond)}${NBSP}points/s` : UNKNOWN;
}

/**
 * `62 %`. Less than the whole is never 100 %.
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
    return `${part >= whole ? 100 : Math.min(Math.floor((part / whole) * 100), 99)}${NBSP}%`;
}

/**
 * The shape of a point: `512 × 512`, `number` for a scalar.
 * @param {(number | null)[]} shape
 */
export function shape(shape) {
    return shape.length ? shape.map(count).join(' × ') : 'number';
}

/**
 * Ranges of points, with the last point of each: `310–619, 700`
 * @param {[number, number][]} ranges the first point, and the one behind the last
 */
export function ranges(ranges) {
    return ranges.map(([first, end]) => end - first === 1 ? count(first) : `${count(first)}–${count(end - 1)}`).join(', ');
}

/**
 * @param {Maybe} number
 * @returns {number is number}
 */
function isKnown(number) {
    return number !== null && number !== undefined && Number.isFinite(number);
}
