// @ts-check
/**
 * Makes and changes elements. Text from scans reaches the page only as text, never as markup.
 */

/** @typedef {string | number | Node | null | undefined | false} Child */

/**
 * Returns a new element. An attribute that is `true` is set without a value, `false`, `null` and `undefined` are left out, and a
 * function whose name begins with `on` is called for that event.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === 'function') {
            made.addEventListener(name.slice(2), value);
        } else if (value === true) {
            made.setAttribute(name, '');
        } else if (value !== false && value !== null && value !== undefined) {
            made.setAttribute(name, String(value));
        }
    }
    append(made, children);
    return made;
}

/**
 * @param {Element} parent
 * @param {Child[]} children
 */
function append(parent, children) {
    for (const child of children) {
        if (child !== null && child !== undefined && child !== false) {
            parent.append(typeof child === 'number' ? String(child) : child);
        }
    }
}

/**
 * Replaces what an element holds.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
    parent.replaceChildren();
    append(parent, children);
}

/**
 * Sets the text of an element, and touches it only if the text differs: screen readers and selections notice every change.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
    if (target.textContent !== text) {
        target.textContent = text;
    }
}

/**
 * Sets an attribute, or removes it if the value is `null`.
 * @param {Element} target
 * @param {string} name
 * @param {string | null} value
 */
export function setAttribute(target, name, value) {
    if (value === null) {
        target.removeAttribute(name);
    } else if (target.getAttribute(name) !== value) {
        target.setAttribute(name, value);
    }
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Returns one of the symbols that index.html has. It is decoration: a word stands beside it.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.append(use);
    return svg;
}

/**
 * Returns a short line as plots draw it, for lists of their series.
 * @param {number} series from 1
 * @param {number[]} dash
 * @returns {SVGElement}
 */
export function lineSample(series, dash) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'line-sample');
    svg.setAttribute('viewBox', '0 0 28 8');
    svg.setAttribute('aria-hidden', 'true');
    const line = document.createElementNS(SVG, 'line');
    const attributes = { class: `series-${series}`, x1: 0, x2: 28, y1: 4, y2: 4, 'stroke-dasharray': dash.join(' ') };
    for (const [name, value] of Object.entries(attributes)) {
        line.setAttribute(name, String(value));
    }
    svg.append(line);
    return svg;
}

/**
 * Makes the children of an element match a list. Children of items that stay are kept, with their focus and selection.
 * @template Item
 * @param {Element} parent
 * @param {Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} create
 * @param {(child: HTMLElement, item: Item) => void} update
 */
export function matchChildren(parent, items, keyOf, create, update) {
    /** @type {Map<string, HTMLElement>} */
    const old = new Map();
    for (const child of parent.children) {
        if (child instanceof HTMLElement && child.dataset.key !== undefined) {
            old.set(child.dataset.key, child);
        }
    }
    let place = parent.firstElementChild;
    for (const item of items) {
        const key = keyOf(item);
        let child = old.get(key);
        old.delete(key);
        if (!child) {
            child = create(item);
            child.dataset.key = key;
        }
        update(child, item);
        if (child === place) {
            place = place.nextElementSibling;
        } else {
            parent.insertBefore(child, place);
        }
    }
    for (const child of old.values()) {
        child.remove();
    }
}

/**
 * Returns a table. The first cell of each row is its heading.
 * @param {string} caption
 * @param {string[]} headings
 * @param {Child[][]} rows
 * @param {{numbersFrom?: number}} [options] the first column with numbers
 * @returns {HTMLElement}
 */
export function table(caption, headings, rows, { numbersFrom = Infinity } = {}) {
    const kind = (/** @type {number} */ column) => ({ class: column >= numbersFrom ? 'number' : null });
    const head = headings.map((text, column) => element('th', { scope: 'col', ...kind(column) }, text));
    const body = rows.map(cells => element('tr', {}, ...cells.map((cell, column) =>
        column === 0 ? element('th', { scope: 'row', ...kind(column) }, cell) : element('td', kind(column), cell))));
    return element('table', {},
        element('caption', { class: 'visually-hidden' }, caption),
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...body));
}

/**
 * Returns a region around something wide, which can be scrolled with the keyboard.
 * @param {string} label
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function scrollable(label, ...children) {
    return element('div', { class: 'scrollable', role: 'region', tabindex: '0', 'aria-label': label }, ...children);
}
