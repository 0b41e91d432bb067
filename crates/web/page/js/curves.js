// @ts-check
/**
 * Turns what the server says about channels into what a plot draws.
 */

import { uPlot } from './plot.js';

/** @import { Curve } from './types.js' */

/** @typedef {(number | null)[]} Values */

/**
 * @typedef {object} Table
 * @property {Values[]} columns positions, then the lowest and the highest value of each curve
 * @property {boolean} isOrdered the positions rise or fall all the time, so that lines between them make sense
 */

/**
 * @param {Curve[]} curves
 * @param {boolean} isOverChannel positions are those of a channel, not the index of points
 * @returns {Table}
 */
export function tableOf(curves, isOverChannel) {
    let isOrdered = true;
    const tables = curves.map(curve => {
        const [sorted, wasOrdered] = inOrder([positions(curve, isOverChannel), curve.low, curve.high]);
        isOrdered &&= wasOrdered;
        return sorted;
    });
    if (tables.length === 0) {
        return { columns: [[]], isOrdered };
    }
    const [first] = tables;
    const isShared = tables.every(table => isEqual(table[0], first[0]));
    const columns = isShared ? [first[0], ...tables.flatMap(table => table.slice(1))] : uPlot.join(tables);
    return { columns, isOrdered };
}

/**
 * Returns where the groups of points of a curve are drawn: in the middle of the positions that they have.
 * @param {Curve} curve
 * @param {boolean} isOverChannel
 * @returns {Values}
 */
function positions({ at, x_low, x_high }, isOverChannel) {
    if (!isOverChannel || !x_low || !x_high) {
        return at;
    }
    return x_low.map((low, group) => {
        const high = x_high[group];
        return low === null || high === null ? null : (low + high) / 2;
    });
}

/**
 * Returns columns whose first one rises, without rows that have no position, and whether they were in order before.
 * @param {Values[]} columns positions and values
 * @returns {[Values[], boolean]}
 */
export function inOrder(columns) {
    const [position] = columns;
    const rows = [...position.keys()].filter(row => position[row] !== null);
    const at = (/** @type {number} */ row) => Number(position[row]);
    let [rises, falls] = [true, true];
    for (let place = 1; place < rows.length; place += 1) {
        rises &&= at(rows[place]) >= at(rows[place - 1]);
        falls &&= at(rows[place]) <= at(rows[place - 1]);
    }
    if (!rises) {
        rows.sort((one, other) => at(one) - at(other) || one - other);
    }
    const sorted = rises && rows.length === position.length
        ? columns
        : columns.map(column => rows.map(row => column[row]));
    return [sorted, rises || falls];
}

/**
 * @param {Values} one
 * @param {Values} other
 */
function isEqual(one, other) {
    return one.length === other.length && one.every((value, at) => value === other[at]);
}

/**
 * Returns the values of each curve on a scale of its own, from 0 to 1.
 * @param {Values[]} columns as in {@link Table}
 * @returns {Values[]}
 */
export function onOwnScales(columns) {
    const scaled = [columns[0]];
    for (let at = 1; at < columns.length; at += 2) {
        const pair = columns.slice(at, at + 2);
        let [lowest, highest] = [Infinity, -Infinity];
        for (const value of pair.flat()) {
            if (isNumber(value)) {
                lowest = Math.min(lowest, value);
                highest = Math.max(highest, value);
            }
        }
        const size = highest - lowest || 1;
        scaled.push(...pair.map(column => column.map(value => isNumber(value) ? (value - lowest) / size : value)));
    }
    return scaled;
}

/**
 * Leaves out what a logarithmic scale cannot show.
 * @param {Values[]} columns
 * @returns {Values[]}
 */
export function positiveOnly([positions, ...columns]) {
    return [positions, ...columns.map(column => column.map(value => isNumber(value) && value <= 0 ? null : value))];
}

/**
 * @param {number | null | undefined} value
 * @returns {value is number}
 */
function isNumber(value) {
    return typeof value === 'number';
}
