// @ts-check
/**
 * Types and shapes in files, for people and for drawing.
 */

/** @import { ObjectAbout, TypeAbout } from './types.js' */

/** Classes of types of HDF5. */
const TEXT = 3;
const SEQUENCE = 9;

/** @type {Record<string, string>} */
const KINDS = { i: 'int', u: 'uint', f: 'float', c: 'complex', b: 'bool' };

/**
 * `float64`, `text`, `table of x, y`
 * @param {TypeAbout} type
 * @returns {string}
 */
export function typeName({ class: kind, dtype, size, base }) {
    if (typeof dtype === 'object' && dtype !== null) {
        return `table of ${Object.keys(dtype).join(', ')}`;
    }
    if (kind === TEXT) {
        return dtype === '|O' ? 'text' : `text of ${size} bytes`;
    }
    if (kind === SEQUENCE && base) {
        return `lists of ${typeName(base)}`;
    }
    const [, order, letter, bytes] = /^([<>|])([a-zA-Z])(\d+)$/.exec(String(dtype)) ?? [];
    if (letter === 'b') {
        return 'bool';
    }
    const name = KINDS[letter];
    return name ? `${name}${Number(bytes) * 8}${order === '>' ? ' big-endian' : ''}` : 'other';
}

/**
 * `400`, `3 × 512 × 512`, `one value`, `nothing`
 * @param {number[] | null | undefined} shape
 */
export function shapeText(shape) {
    if (!shape) {
        return 'nothing';
    }
    return shape.length > 0 ? shape.join(' × ') : 'one value';
}

/**
 * Returns `true` for a dataset of real numbers, which can be drawn.
 * @param {ObjectAbout} about
 */
export function isDrawable({ kind, type, shape }) {
    return kind === 'dataset' && !!shape && /^[<>|][iufb]\d+$/.test(String(type?.dtype));
}

/**
 * Returns numbers as the server sends them when they are asked for safely: little-endian, in types of JavaScript.
 * @param {ArrayBuffer} bytes
 * @param {TypeAbout} type
 * @returns {Float64Array}
 */
export function numbersOf(bytes, type) {
    const dtype = String(type.dtype);
    const [letter, size] = [dtype[1], Number(dtype.slice(2))];
    switch (letter) {
        case 'f': return Float64Array.from(size <= 4 ? new Float32Array(bytes) : new Float64Array(bytes));
        case 'i': return Float64Array.from(size === 1 ? new Int8Array(bytes) : size === 2 ? new Int16Array(bytes)
            : size === 4 ? new Int32Array(bytes) : Array.from(new BigInt64Array(bytes), Number));
        default: return Float64Array.from(size === 1 ? new Uint8Array(bytes) : size === 2 ? new Uint16Array(bytes)
            : size === 4 ? new Uint32Array(bytes) : Array.from(new BigUint64Array(bytes), Number));
    }
}

/**
 * Joins a path and a name.
 * @param {string} path
 * @param {string} name
 */
export function below(path, name) {
    return name.startsWith('/') ? name : `${path === '/' ? '' : path}/${name}`;
}
