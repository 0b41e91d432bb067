// @ts-check
/**
 * Finds what a file wants to be plotted: the attributes `default`, `signal` and `axes` of NeXus.
 */

import { ApiError, getAttributes, getObject } from './api.js';
import { below, isDrawable } from './file-types.js';

/** @import { ObjectAbout } from './types.js' */

/** Most groups one in the other that name a default. */
const MOST_STEPS = 5;

/**
 * @typedef {object} DefaultPlot
 * @property {string} path the group
 * @property {string} signal path of the values
 * @property {ObjectAbout} about
 * @property {{path: string, about: ObjectAbout}[]} axes one for each dimension that has one, in their order
 */

/**
 * Returns what a group wants to be plotted, or `null` if it names nothing.
 * @param {string} file
 * @param {string} start
 * @returns {Promise<DefaultPlot | null>}
 */
export async function defaultPlot(file, start) {
    let path = start;
    for (let step = 0; step < MOST_STEPS; step += 1) {
        const attributes = await getAttributes(file, path);
        if (typeof attributes.signal === 'string') {
            return plotOf(file, path, attributes);
        }
        if (typeof attributes.default !== 'string' || attributes.default === '.') {
            return null;
        }
        path = below(path, attributes.default);
    }
    return null;
}

/**
 * @param {string} file
 * @param {string} path
 * @param {Record<string, any>} attributes
 * @returns {Promise<DefaultPlot | null>}
 */
async function plotOf(file, path, attributes) {
    const signal = below(path, attributes.signal);
    const about = await getObject(file, signal);
    if (!isDrawable(about)) {
        return null;
    }
    const names = [attributes.axes ?? []].flat().filter(name => typeof name === 'string' && name !== '.');
    const axes = [];
    for (const name of names.slice(0, 4)) {
        const axis = below(path, name);
        try {
            const found = await getObject(file, axis);
            if (isDrawable(found)) {
                axes.push({ path: axis, about: found });
            }
        } catch (error) {
            // A plot may name an axis that is not there yet.
            if (!(error instanceof ApiError) || error.status !== 404) {
                throw error;
            }
        }
    }
    return { path, signal, about, axes };
}
