// @ts-check
/**
 * Shows the view that the address names (`#/`, `#/scan/KEY`, `#/history`, `#/file/ID/path`, `#/log`), and gives it the state of the writer.
 */

import { parsedAddress } from './addresses.js';
import { setAttribute } from './elements.js';
import { FileView } from './file-view.js';
import { Head } from './head.js';
import { HistoryView } from './history-view.js';
import { LiveView } from './live-view.js';
import { LogView } from './log-view.js';
import { loginByAddress, LoginView } from './login.js';
import { StateStream } from './state-stream.js';
import { startClock } from './times.js';

/** @import { Address } from './addresses.js' */
/** @import { Connection } from './state-stream.js' */
/** @import { State } from './types.js' */

/** @typedef {{element: HTMLElement, update: (state: State) => void, close: () => void}} View */

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
/** Whether the writer asks for its token. */
let isLocked = false;

/**
 * @param {Address} address
 * @returns {View}
 */
function viewOf({ view: name, argument, path }) {
    if (isLocked) {
        return new LoginView(() => {
            isLocked = false;
            navigate();
            stream.connect();
        });
    }
    switch (name) {
        case 'file': return new FileView(argument, path);
        case 'history': return new HistoryView();
        case 'log': return new LogView();
        case 'scan': return new LiveView(argument);
        default: return new LiveView(null);
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

/** Shows what the address names. Returns `false` if the view stays, and only shows another path of its file. */
function navigate() {
    const address = parsedAddress(location.hash);
    if (!isLocked && view instanceof FileView && address.view === 'file' && address.argument === view.id) {
        view.show(address.path);
        return false;
    }
    show(viewOf(address));
    const name = address.view === 'scan' ? '' : address.view;
    for (const link of document.querySelectorAll('[data-view]')) {
        const isCurrent = link.getAttribute('data-view') === name;
        setAttribute(link, 'aria-current', isCurrent ? 'page' : null);
    }
    return true;
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
    if (connection === 'locked' && !isLocked) {
        isLocked = true;
        navigate();
    }
}

place('skip').addEventListener('click', () => main.focus());
window.addEventListener('hashchange', async () => {
    if (await loginByAddress()) {
        isLocked = false;
        stream.connect();
    }
    if (navigate()) {
        // Screen readers begin to read here, and the next Tab goes on from here.
        main.focus({ preventScroll: true });
        window.scrollTo(0, 0);
    }
});
startClock();
await loginByAddress();
navigate();
stream.connect();
