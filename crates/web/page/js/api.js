// @ts-check
/**
 * Asks the server. All paths are relative, so that a proxy may serve the page below a path of its own.
 */

import { noteServerTime } from './times.js';

/** @import { Curve, DetailedScan, FileAbout, LogLine, ObjectAbout, Raster, Scan, State } from './types.js' */

/** Milliseconds after which an answer is no longer waited for. */
const ANSWER_LIMIT = 10_000;

/** Why a request has failed. */
export class ApiError extends Error {
    /**
     * @param {string} message
     * @param {number} status of HTTP; 0 if there is no answer
     */
    constructor(message, status) {
        super(message);
        this.status = status;
    }
}

/**
 * Returns what a viewer is told of an error.
 * @param {unknown} error
 */
export function problemOf(error) {
    return error instanceof Error ? error.message : String(error);
}

/**
 * @param {string} path
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Response>}
 */
async function request(path, headers = {}) {
    let response;
    try {
        response = await fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(ANSWER_LIMIT) });
    } catch {
        throw new ApiError('The writer does not answer.', 0);
    }
    noteServerTime(response.headers.get('date'));
    if (!response.ok) {
        throw new ApiError(await refusalOf(response), response.status);
    }
    return response;
}

/** @param {Response} response */
async function refusalOf(response) {
    try {
        const { error } = await response.json();
        return String(error ?? response.status);
    } catch {
        return `The writer answered ${response.status}.`;
    }
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
async function json(path) {
    const response = await request(path);
    return whole(response.json());
}

/**
 * Returns the body of an answer, which has to come to its end.
 * @template Body
 * @param {Promise<Body>} body
 * @returns {Promise<Body>}
 */
async function whole(body) {
    try {
        return await body;
    } catch {
        throw new ApiError('The answer of the writer ended early.', 0);
    }
}

/**
 * Returns `?name=value&…` of all values that are not empty.
 * @param {Record<string, string | number | string[] | null | undefined>} parameters
 */
function query(parameters) {
    const made = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        for (const one of Array.isArray(value) ? value : [value]) {
            if (one !== null && one !== undefined && one !== '') {
                made.append(name, String(one));
            }
        }
    }
    const text = made.toString();
    return text ? `?${text}` : '';
}

/** @param {string} key */
function scanPath(key) {
    return `api/v1/scans/${encodeURIComponent(key)}`;
}

/** @returns {Promise<State>} */
export function getState() {
    return json('api/v1/state');
}

/**
 * Returns scans, the newest first, and where the next page begins.
 * @param {{outcome?: string, text?: string, before?: number | null, limit?: number}} filter
 * @returns {Promise<{scans: (Scan & {seq: number})[], next: number | null}>}
 */
export function getScans(filter) {
    return json(`api/v1/scans${query(filter)}`);
}

/**
 * @param {string} key
 * @returns {Promise<DetailedScan>}
 */
export function getScan(key) {
    return json(scanPath(key));
}

/**
 * @param {string} key
 * @param {string | null} x channel; the index of the points if `null`
 * @param {string[]} y channels
 * @returns {Promise<{x: {name: string, at: number[]} | null, curves: Curve[]}>}
 */
export function getCurves(key, x, y) {
    return json(`${scanPath(key)}/curve${query({ x, y })}`);
}

/**
 * Returns the last spectrum or image of a channel, or the map of it; `null` if there is none yet.
 * @param {string} key
 * @param {'spectrum' | 'image' | 'map'} kind
 * @param {string} channel
 * @returns {Promise<Raster | null>}
 */
export async function getRaster(key, kind, channel) {
    const size = kind === 'image' ? 512 : null;
    const response = await request(`${scanPath(key)}/${kind}${query({ channel, size })}`);
    if (response.status === 204) {
        return null;
    }
    const shape = (response.headers.get('x-shape') ?? '').split(',').map(Number);
    const columns = shape[shape.length - 1];
    // A grid with more than two sides is drawn as layers, one below the other.
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const index = response.headers.get('x-index');
    const bytes = await whole(response.arrayBuffer());
    if (bytes.byteLength !== rows * columns * 4) {
        throw new ApiError('The writer sent another number of values than it announced.', 0);
    }
    return { rows, columns, values: new Float32Array(bytes), index: index === null ? null : Number(index) };
}

/**
 * Returns lines of the log, the newest last.
 * @param {{after?: number | null, level?: string, scan?: string}} filter
 * @returns {Promise<{lines: LogLine[], first: number | null}>}
 */
export function getLog(filter) {
    return json(`api/v1/log${query(filter)}`);
}

/**
 * @param {string} id
 * @returns {Promise<FileAbout>}
 */
export function getFile(id) {
    return json(`api/v1/files/${encodeURIComponent(id)}`);
}

/**
 * Describes what is at a path of a file.
 * @param {string} file
 * @param {string} path
 * @returns {Promise<ObjectAbout>}
 */
export function getObject(file, path) {
    return json(`api/h5grove/meta${query({ file, path })}`);
}

/**
 * @param {string} file
 * @param {string} path
 * @returns {Promise<Record<string, any>>}
 */
export function getAttributes(file, path) {
    return json(`api/h5grove/attr${query({ file, path })}`);
}

/**
 * Returns elements of a dataset as nested arrays.
 * @param {string} file
 * @param {string} path
 * @param {string} selection empty for all
 * @returns {Promise<any>}
 */
export function getElements(file, path, selection) {
    return json(`api/h5grove/data${query({ file, path, selection })}`);
}

/**
 * Returns elements of a dataset as bytes of numbers that JavaScript has.
 * @param {string} file
 * @param {string} path
 * @param {string} selection
 * @returns {Promise<ArrayBuffer>}
 */
export async function getNumbers(file, path, selection) {
    const response = await request(`api/h5grove/data${query({ file, path, selection, format: 'bin', dtype: 'safe' })}`);
    return whole(response.arrayBuffer());
}

/**
 * Exchanges the token for a cookie, which the browser then sends with every request.
 * @param {string} token
 */
export async function login(token) {
    await request('api/v1/login', { authorization: `Bearer ${token}` });
}
