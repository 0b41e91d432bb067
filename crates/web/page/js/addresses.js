// @ts-check
/**
 * The addresses of views on the page, which are behind `#`, so that the server never sees them.
 */

/**
 * What an address leads to.
 * @typedef {object} Address
 * @property {string} view empty for the first one
 * @property {string} argument key of a scan or identifier of a file
 * @property {string} path in the file
 */

/**
 * @param {string} hash `#/VIEW/ARGUMENT/path`
 * @returns {Address}
 */
export function parsedAddress(hash) {
    const [, view = '', argument = '', ...names] = hash.replace(/^#/, '').split('/');
    return { view, argument: decoded(argument), path: `/${names.map(decoded).join('/')}` };
}

/** @param {string} text */
function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** @param {string} key */
export function scanAddress(key) {
    return `#/scan/${encodeURIComponent(key)}`;
}

/**
 * Returns the address of a file in H5Web, which is another page.
 * @param {string} id
 * @param {string} name
 */
export function h5webAddress(id, name) {
    return `h5web/#/${id}/${encodeURIComponent(name)}`;
}

/**
 * Returns the address of a path of a file.
 * @param {string} id
 * @param {string} path
 */
export function fileAddress(id, path) {
    const names = path.split('/').filter(name => name !== '').map(encodeURIComponent);
    return `#/${['file', id, ...names].join('/')}`;
}
