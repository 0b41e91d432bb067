// @ts-check
/**
 * Draws numbers in rows and columns as colours, one pixel of a canvas for each.
 */

import { SCALE, STEPS, stepOf } from './colours.js';

/** @import { ColourRange } from './colours.js' */
/** @import { Raster } from './types.js' */

/**
 * How rows and columns are turned before they are drawn.
 * @typedef {object} Orientation
 * @property {boolean} transpose rows become columns
 * @property {boolean} flipRows the first row is the lowest
 * @property {boolean} flipColumns the first column is at the right
 */

/**
 * Returns the number of rows and columns as drawn.
 * @param {Raster} raster
 * @param {Orientation} orientation
 * @returns {[number, number]}
 */
export function drawnShape({ rows, columns }, { transpose }) {
    return transpose ? [columns, rows] : [rows, columns];
}

/**
 * Returns the row and the column of the data that is drawn in a row and a column of the picture.
 * @param {Raster} raster
 * @param {Orientation} orientation
 * @param {number} row
 * @param {number} column
 * @returns {[number, number]}
 */
export function sourceOf(raster, orientation, row, column) {
    const [rows, columns] = drawnShape(raster, orientation);
    const y = orientation.flipRows ? rows - 1 - row : row;
    const x = orientation.flipColumns ? columns - 1 - column : column;
    return orientation.transpose ? [x, y] : [y, x];
}

/**
 * Draws. Values without a colour stay transparent.
 * @param {HTMLCanvasElement} canvas
 * @param {Raster} raster
 * @param {Orientation} orientation
 * @param {ColourRange} range
 */
export function drawRaster(canvas, raster, orientation, range) {
    const [rows, columns] = drawnShape(raster, orientation);
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext('2d');
    if (!context || rows === 0 || columns === 0) {
        return;
    }
    const picture = context.createImageData(columns, rows);
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
            const [y, x] = sourceOf(raster, orientation, row, column);
            const step = stepOf(raster.values[y * raster.columns + x], range);
            if (step >= 0) {
                picture.data.set(SCALE.subarray(step * 4, step * 4 + 4), at);
            }
            at += 4;
        }
    }
    context.putImageData(picture, 0, 0);
}

/**
 * Draws the scale of colours, lowest value at the left.
 * @param {HTMLCanvasElement} canvas
 */
export function drawScale(canvas) {
    canvas.width = STEPS;
    canvas.height = 1;
    canvas.getContext('2d')?.putImageData(new ImageData(SCALE.slice(), STEPS, 1), 0, 0);
}
