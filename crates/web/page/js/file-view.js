// @ts-check
/**
 * A file that scans were saved in: its tree, and what is at one path of it. The file may grow while it is looked at.
 */

import { fileAddress, h5webAddress, scanAddress } from './addresses.js';
import { getFile, problemOf } from './api.js';
import { element, fill, setAttribute } from './elements.js';
import { FileObject } from './file-object.js';
import { FileTree } from './file-tree.js';
import { bytes } from './format.js';
import { timeElement } from './times.js';

/** @import { FileAbout, State } from './types.js' */

/** Most scans and other files that are listed. */
const MOST_LISTED = 20;

export class FileView {
    #path;
    #name = element('h1', { id: 'file-name' }, 'File');
    #about = element('p', { class: 'muted' });
    #growing = element('p', { class: 'note', role: 'status' });
    #related = element('div', { class: 'file-related' });
    #hasH5web = false;
    #h5web = element('a', { hidden: true }, 'Open in H5Web');
    #treePlace = element('nav', { class: 'panel file-tree', 'aria-label': 'Tree of the file' });
    #objectPlace = element('div', { class: 'file-place' });
    /** @type {FileTree | null} */
    #tree = null;
    /** @type {FileObject | null} */
    #object = null;
    #isClosed = false;
    element;

    /**
     * @param {string} id
     * @param {string} path
     */
    constructor(id, path) {
        this.id = id;
        this.#path = path;
        this.element = element('div', { class: 'file-view' },
            element('section', { class: 'panel summary', 'aria-labelledby': 'file-name' },
                element('div', { class: 'summary-head' }, this.#name,
                    element('button', { type: 'button', class: 'button', onclick: () => this.#readAgain() }, 'Read again'), this.#h5web),
                this.#about, this.#growing, this.#related),
            element('div', { class: 'file-content' }, this.#treePlace, this.#objectPlace));
        void this.#load();
    }

    /** @param {State} state */
    update({ build }) {
        this.#hasH5web = build.features.split(',').includes('h5web');
        this.#h5web.hidden = !this.#hasH5web || !this.#h5web.hasAttribute('href');
    }

    close() {
        this.#isClosed = true;
        this.#object?.close();
    }

    /**
     * Shows another path of the same file. The tree stays as it is.
     * @param {string} path
     */
    show(path) {
        this.#path = path;
        void this.#tree?.choose(path);
        this.#showObject();
    }

    async #load() {
        try {
            const about = await getFile(this.id);
            if (this.#isClosed) {
                return;
            }
            this.#showFile(about);
            this.#tree = new FileTree(this.id, about.name, path => {
                location.hash = fileAddress(this.id, path);
            });
            this.#treePlace.replaceChildren(this.#tree.element);
            this.show(this.#path);
        } catch (error) {
            fill(this.#growing, problemOf(error));
        }
    }

    async #readAgain() {
        if (!this.#tree) {
            void this.#load();
            return;
        }
        try {
            this.#showFile(await getFile(this.id));
        } catch (error) {
            fill(this.#growing, problemOf(error));
        }
        if (this.#isClosed) {
            return;
        }
        void this.#tree.reload();
        this.#showObject();
    }

    #showObject() {
        this.#object?.close();
        this.#object = new FileObject(this.id, this.#path);
        this.#objectPlace.replaceChildren(this.#object.element);
    }

    /** @param {FileAbout} about */
    #showFile({ name, path, size, modified, growing, scans, others }) {
        fill(this.#name, name);
        setAttribute(this.#h5web, 'href', h5webAddress(this.id, name));
        this.#h5web.hidden = !this.#hasH5web;
        fill(this.#about, element('span', { class: 'path' }, path), `, ${bytes(size)}`,
            ...modified ? [', changed ', timeElement(modified, 'ago')] : [', which is no longer there']);
        fill(this.#growing, growing ? 'A scan is being saved in this file. What is shown is from the moment when it was read; "Read again" shows more.' : '');
        fill(this.#related,
            list('Scans', scans.map(scan => element('a', { href: scanAddress(scan.key) }, scan.name))),
            list('Other files of these scans', others.map(other => element('a', { href: fileAddress(other.id, '/'), class: 'path' }, other.path))));
    }
}

/**
 * @param {string} heading
 * @param {HTMLElement[]} items
 */
function list(heading, items) {
    if (items.length === 0) {
        return null;
    }
    const more = items.length > MOST_LISTED ? [element('li', { class: 'muted' }, `and ${items.length - MOST_LISTED} more`)] : [];
    return element('details', {}, element('summary', {}, `${heading} (${items.length})`),
        element('ul', { class: 'files' }, ...items.slice(0, MOST_LISTED).map(item => element('li', {}, item)), ...more));
}
