// @ts-check
/**
 * What is at a path of a file: attributes, type, shape, storage, values, and a plot.
 */

import { fileAddress } from './addresses.js';
import { getAttributes, getObject, problemOf } from './api.js';
import { element, fill, scrollable, table } from './elements.js';
import { defaultPlot } from './file-default.js';
import { FilePlot } from './file-plot.js';
import { isDrawable, shapeText, typeName } from './file-types.js';
import { cellText, FileValues } from './file-values.js';

/** @import { DefaultPlot } from './file-default.js' */
/** @import { ObjectAbout } from './types.js' */

export class FileObject {
    #file;
    #path;
    #place = element('div', {});
    #status = element('p', { class: 'note', role: 'status' }, 'Reading…');
    /** @type {FilePlot | null} */
    #plot = null;
    #isClosed = false;
    element;

    /**
     * @param {string} file
     * @param {string} path
     */
    constructor(file, path) {
        this.#file = file;
        this.#path = path;
        this.element = element('section', { class: 'panel file-object', 'aria-labelledby': 'file-object' },
            element('h2', { id: 'file-object', class: 'path' }, path), this.#place, this.#status);
        void this.#load();
    }

    close() {
        this.#isClosed = true;
        this.#plot?.close();
    }

    async #load() {
        try {
            const about = await getObject(this.#file, this.#path);
            const isObject = about.kind === 'group' || about.kind === 'dataset';
            const attributes = isObject ? await getAttributes(this.#file, this.#path) : {};
            const plot = about.kind === 'group' ? await defaultPlot(this.#file, this.#path) : null;
            if (!this.#isClosed) {
                this.#show(about, attributes, plot);
                fill(this.#status);
            }
        } catch (error) {
            fill(this.#status, problemOf(error));
        }
    }

    /**
     * @param {ObjectAbout} about
     * @param {Record<string, any>} attributes
     * @param {DefaultPlot | null} plot
     */
    #show(about, attributes, plot) {
        const facts = factsOf(about);
        this.#place.append(element('dl', { class: 'facts-list' }, ...facts.map(([name, text]) =>
            element('div', {}, element('dt', {}, name), element('dd', {}, text)))));
        if (plot && plot.path !== this.#path) {
            this.#place.append(element('p', { class: 'muted' }, 'What is plotted by default is ',
                element('a', { href: fileAddress(this.#file, plot.path) }, plot.path), '.'));
        }
        if (plot) {
            this.#draw({ path: plot.signal, about: plot.about }, plot.axes);
        } else if (isDrawable(about) && (about.shape?.length ?? 0) > 0) {
            this.#draw({ path: this.#path, about }, []);
        }
        if (about.kind === 'dataset' && about.shape) {
            this.#place.append(new FileValues(this.#file, this.#path, about).element);
        }
        const names = Object.keys(attributes);
        if (names.length > 0) {
            const types = new Map((about.attributes ?? []).map(({ name, type, shape }) => [name, `${typeName(type)}, ${shapeText(shape)}`]));
            this.#place.append(element('h3', {}, 'Attributes'), scrollable('Attributes',
                table('Attributes', ['Name', 'Value', 'Type'], names.map(name => [name, cellText(attributes[name]), types.get(name) ?? '']))));
        }
    }

    /**
     * @param {{path: string, about: ObjectAbout}} signal
     * @param {{path: string, about: ObjectAbout}[]} axes
     */
    #draw(signal, axes) {
        this.#plot = new FilePlot(this.#file, signal, axes);
        this.#place.append(this.#plot.element);
    }
}

/**
 * @param {ObjectAbout} about
 * @returns {[string, string][]}
 */
function factsOf({ kind, shape, type, chunks, filters, children, target_file: file, target_path: path, reason }) {
    switch (kind) {
        case 'group': return [['Kind', 'group'], ['Members', String(children?.length ?? 0)]];
        case 'dataset': return [
            ['Kind', 'dataset'], ['Type', type ? typeName(type) : ''], ['Shape', shapeText(shape)],
            ['Chunks', chunks ? chunks.join(' × ') : 'none'],
            ['Filters', filters ? filters.map(({ id, name }) => name || String(id)).join(', ') : 'none'],
        ];
        case 'soft_link': return [['Kind', 'link'], ['Leads to', path ?? ''], ['Not followed', reason ?? '']];
        case 'external_link': return [['Kind', 'link to another file'], ['File', file ?? ''], ['Leads to', path ?? ''], ['Not followed', reason ?? '']];
        default: return [['Kind', 'unknown'], ...(reason ? [/** @type {[string, string]} */ (['Not followed', reason])] : [])];
    }
}
