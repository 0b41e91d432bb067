// @ts-check
/**
 * The groups and datasets of a file as a tree. Children are asked for when a group is opened. Arrow keys, Home, End and Enter
 * work as in other trees (ARIA Authoring Practices, Tree View).
 */

import { getObject, problemOf } from './api.js';
import { element, setAttribute, setText } from './elements.js';
import { below, shapeText, typeName } from './file-types.js';

/** @import { ObjectAbout } from './types.js' */

/** Most children of a group that are shown at first. */
const MOST_CHILDREN = 500;

/** @typedef {{path: string, about: ObjectAbout, element: HTMLElement, row: HTMLElement, group: HTMLElement, isLoaded: boolean}} TreeItem */

export class FileTree {
    #file;
    #onChoose;
    /** @type {Map<string, TreeItem>} */
    #items = new Map();
    #chosen = '/';
    #root = element('ul', { role: 'tree', class: 'tree', 'aria-label': 'Content of the file' });
    #problem = element('p', { class: 'note', role: 'status' });
    element = element('div', {}, this.#root, this.#problem);

    /**
     * @param {string} file identifier
     * @param {string} name
     * @param {(path: string) => void} onChoose
     */
    constructor(file, name, onChoose) {
        this.#file = file;
        this.#onChoose = onChoose;
        this.#root.append(this.#make('/', { name, kind: 'group' }, 1).element);
        this.#root.addEventListener('keydown', event => this.#onKey(event));
    }

    /**
     * Opens the groups on the way to a path, and marks it.
     * @param {string} path
     */
    async choose(path) {
        this.#chosen = path;
        const names = path.split('/').filter(name => name !== '');
        let at = '/';
        await this.#open(at);
        for (const name of names.slice(0, -1)) {
            at = below(at, name);
            await this.#open(at);
        }
        // Another path may have been chosen meanwhile.
        this.#mark(this.#chosen);
    }

    /** Asks for all open groups again: the file may have grown. */
    async reload() {
        const open = [...this.#items.values()].filter(item => item.element.getAttribute('aria-expanded') === 'true');
        for (const item of open) {
            item.isLoaded = false;
        }
        for (const { path } of open) {
            await this.#open(path);
        }
        this.#mark(this.#chosen);
    }

    /**
     * @param {string} path
     * @param {ObjectAbout} about
     * @param {number} level
     * @returns {TreeItem}
     */
    #make(path, about, level) {
        const isGroup = about.kind === 'group';
        const row = element('span', { class: 'tree-row', onclick: () => this.#onClick(path) },
            element('span', { class: 'tree-sign', 'aria-hidden': 'true' }),
            element('span', { class: 'tree-name' }, about.name), ' ', element('span', { class: 'muted' }, kindText(about)));
        const group = element('ul', { role: 'group' });
        const made = element('li', {
            role: 'treeitem', 'aria-level': level, 'aria-expanded': isGroup ? 'false' : null, 'aria-selected': 'false',
            tabindex: path === '/' ? '0' : '-1', 'data-path': path,
        }, row);
        const item = { path, about, element: made, row, group, isLoaded: false };
        this.#items.set(path, item);
        return item;
    }

    /** @param {string} path */
    async #open(path) {
        const item = this.#items.get(path);
        if (!item || item.about.kind !== 'group') {
            return;
        }
        if (!item.isLoaded) {
            try {
                const { children = [] } = await getObject(this.#file, path);
                this.#fill(item, children);
                setText(this.#problem, '');
            } catch (error) {
                setText(this.#problem, problemOf(error));
                return;
            }
        }
        item.element.append(item.group);
        item.element.setAttribute('aria-expanded', 'true');
    }

    /**
     * @param {TreeItem} item
     * @param {ObjectAbout[]} children
     */
    #fill(item, children) {
        const level = Number(item.element.getAttribute('aria-level')) + 1;
        const made = children.slice(0, MOST_CHILDREN).map(about => {
            const path = below(item.path, about.name);
            const old = this.#items.get(path);
            // Groups that are open stay as they are.
            return old && old.about.kind === about.kind && about.kind === 'group' ? old : this.#make(path, about, level);
        });
        item.group.replaceChildren(...made.map(child => child.element));
        if (children.length > MOST_CHILDREN) {
            item.group.append(element('li', { role: 'none', class: 'muted' },
                `${children.length - MOST_CHILDREN} more are not listed.`));
        }
        item.isLoaded = true;
    }

    /** @param {TreeItem} item */
    #close(item) {
        item.group.remove();
        item.element.setAttribute('aria-expanded', 'false');
    }

    /** @param {string} path */
    #onClick(path) {
        const item = this.#items.get(path);
        if (item?.about.kind === 'group' && this.#chosen === path) {
            void this.#toggle(item);
        } else {
            void this.#open(path);
        }
        this.#focus(path);
        this.#onChoose(path);
    }

    /** @param {TreeItem} item */
    async #toggle(item) {
        if (item.element.getAttribute('aria-expanded') === 'true') {
            this.#close(item);
        } else {
            await this.#open(item.path);
        }
    }

    /** @param {KeyboardEvent} event */
    #onKey(event) {
        const target = event.target instanceof Element ? event.target.closest('[role="treeitem"]') : null;
        const item = target instanceof HTMLElement ? this.#items.get(target.dataset.path ?? '') : undefined;
        if (!item || event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const isOpen = item.element.getAttribute('aria-expanded') === 'true';
        const shown = [...this.#root.querySelectorAll('[role="treeitem"]')];
        const at = shown.indexOf(item.element);
        /** @type {Record<string, () => void>} */
        const actions = {
            ArrowDown: () => this.#focusElement(shown[at + 1]),
            ArrowUp: () => this.#focusElement(shown[at - 1]),
            Home: () => this.#focusElement(shown[0]),
            End: () => this.#focusElement(shown[shown.length - 1]),
            ArrowRight: () => isOpen ? this.#focusElement(shown[at + 1]) : void this.#open(item.path),
            ArrowLeft: () => isOpen ? this.#close(item)
                : this.#focusElement(item.element.parentElement?.closest('[role="treeitem"]') ?? undefined),
            Enter: () => this.#onClick(item.path),
            ' ': () => this.#onClick(item.path),
        };
        const action = actions[event.key];
        if (action) {
            event.preventDefault();
            action();
        }
    }

    /** @param {Element | undefined} target */
    #focusElement(target) {
        if (target instanceof HTMLElement) {
            this.#focus(target.dataset.path ?? '');
        }
    }

    /**
     * Makes an item the one that Tab leads to, and gives it the focus.
     * @param {string} path
     */
    #focus(path) {
        for (const item of this.#items.values()) {
            setAttribute(item.element, 'tabindex', item.path === path ? '0' : '-1');
        }
        this.#items.get(path)?.element.focus({ preventScroll: false });
    }

    /** @param {string} path */
    #mark(path) {
        // Tab leads to this item, or to the root if the item is not there.
        const stop = this.#items.has(path) ? path : '/';
        for (const item of this.#items.values()) {
            setAttribute(item.element, 'aria-selected', String(item.path === path));
            setAttribute(item.element, 'tabindex', item.path === stop ? '0' : '-1');
        }
    }
}

/** @param {ObjectAbout} about */
function kindText({ kind, shape, type, target_file: file, target_path: path }) {
    switch (kind) {
        case 'group': return '';
        case 'dataset': return type ? `${typeName(type)}, ${shapeText(shape)}` : '';
        case 'soft_link': return `leads to ${path}, which is not there`;
        case 'external_link': return `leads to ${path} in ${file}`;
        default: return 'of an unknown kind';
    }
}
