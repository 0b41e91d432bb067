// @ts-check
/**
 * Shows the view that the address names (`#/`, `#/scan/KEY`, `#/history`, `#/file/ID/path`, `#/log`), and gives it the state of the writer.
 */

import { setAttribute } from './elements.js';
import { FileView } from './file-view.js';
import { Head } from './head.js';
import { HistoryView } from './history-view.js';
import { LiveView } from './live-view.js';
import { LogView } from './log-view.js';
import { loginByAddress, LoginView } from './login.js';
import { StateStream } from './state-stream.js';
import { startClock } from './times.js';

/** @import { Connection } from './state-stream.js' */
/** @import { State } from './types.js' */

/** @typedef {{title: string, element: HTMLElement, update: (state: State) => void, close: () => void}} View */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function place(id) {
    const found = document.getElementById(id);
    if (!found) {
        throw new Error(`index.html has no ${id}`);
    }
    return found;
}

const main = place('main');
const head = new Head({ sentence: place('head'), connection: place('connection'), old: place('old'), footer: place('build') });
const stream = new StateStream(onState, onConnection);
/** @type {State | null} */
let state = null;
/** @type {View | null} */
let view = null;

/** @param {string} hash */
function viewOf(hash) {
    const [, name = '', argument = '', ...names] = hash.replace(/^#/, '').split('/');
    switch (name) {
        case 'file': return new FileView(decoded(argument), `/${names.map(decoded).join('/')}`);
        case 'history': return new HistoryView();
        case 'log': return new LogView();
        case 'scan': return new LiveView(decoded(argument));
        default: return new LiveView(null);
    }
}

/** @param {string} text */
function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** @param {View} next */
function show(next) {
    view?.close();
    view = next;
    main.replaceChildren(next.element);
    if (state) {
        next.update(state);
    }
}

/**
 * Returns `true` if the address names another path of the file that is shown.
 * @param {string} hash
 */
function staysInFile(hash) {
    const [, name = '', id = '', ...names] = hash.replace(/^#/, '').split('/');
    if (!(view instanceof FileView) || name !== 'file' || decoded(id) !== view.id) {
        return false;
    }
    view.show(`/${names.map(decoded).join('/')}`);
    return true;
}

function navigate() {
    show(viewOf(location.hash));
    const [, name = ''] = location.hash.replace(/^#/, '').split('/');
    for (const link of document.querySelectorAll('[data-view]')) {
        const isCurrent = link.getAttribute('data-view') === (name === 'scan' ? '' : name);
        setAttribute(link, 'aria-current', isCurrent ? 'page' : null);
    }
}

/** @param {State} next */
function onState(next) {
    // A newer writer has a newer page.
    if (state && `${state.build.version} ${state.build.commit}` !== `${next.build.version} ${next.build.commit}`) {
        location.reload();
    }
    state = next;
    head.update(next);
    view?.update(next);
}

/** @param {Connection} connection */
function onConnection(connection) {
    head.connection(connection);
    if (connection === 'locked') {
        show(new LoginView(() => {
            navigate();
            stream.connect();
        }));
    }
}

place('skip').addEventListener('click', () => main.focus());
window.addEventListener('hashchange', async () => {
    if (await loginByAddress()) {
        stream.connect();
    }
    if (staysInFile(location.hash)) {
        return;
    }
    navigate();
    // Screen readers begin to read here, and the next Tab goes on from here.
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
});
startClock();
await loginByAddress();
navigate();
stream.connect();
