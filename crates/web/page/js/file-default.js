// @ts-check
/**
 * Finds what a file wants to be plotted: the attributes `default`, `signal` and `axes` of NeXus.
 */

import { getAttributes, getObject } from './api.js';
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
 * Returns what a group wants to be plotted, or `null` if it names nothing, or something that is not there (yet).
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
        const next = await objectBelow(file, path, attributes.default);
        if (next?.kind !== 'group') {
            return null;
        }
        path = below(path, attributes.default);
    }
    return null;
}

/**
 * Returns what has a name in a group, or `null` if there is nothing.
 * @param {string} file
 * @param {string} group
 * @param {string} name
 * @returns {Promise<ObjectAbout | null>}
 */
async function objectBelow(file, group, name) {
    const { children = [] } = await getObject(file, group);
    // The question for something that is not there would be an error, which browsers write to their console.
    const isThere = name.includes('/') || children.some(child => child.name === name);
    return isThere ? getObject(file, below(group, name)) : null;
}

/**
 * @param {string} file
 * @param {string} path
 * @param {Record<string, any>} attributes
 * @returns {Promise<DefaultPlot | null>}
 */
async function plotOf(file, path, attributes) {
    const about = await objectBelow(file, path, attributes.signal);
    if (!about || !isDrawable(about)) {
        return null;
    }
    const names = [attributes.axes ?? []].flat().filter(name => typeof name === 'string' && name !== '.');
    const axes = [];
    for (const name of names.slice(0, 4)) {
        const found = await objectBelow(file, path, name);
        if (found && isDrawable(found)) {
            axes.push({ path: below(path, name), about: found });
        }
    }
    return { path, signal: below(path, attributes.signal), about, axes };
}
