// @ts-check
/**
 * Asks for the token of the writer, if it wants one.
 */

import { login, problemOf } from './api.js';
import { element, setText } from './elements.js';

/**
 * Takes a token out of the address (`#token=…`), where it must not stay, and sends it.
 * @returns {Promise<boolean>} whether there was one
 */
export async function loginByAddress() {
    const match = /^#token=(.+)$/.exec(location.hash);
    if (!match) {
        return false;
    }
    history.replaceState(null, '', '#/');
    try {
        await login(decodeURIComponent(match[1]));
    } catch {
        // The page then asks for a token.
    }
    return true;
}

export class LoginView {
    #input = element('input', { type: 'password', autocomplete: 'current-password', required: true, id: 'token' });
    #problem = element('p', { class: 'note', role: 'alert' });
    element = element('section', { class: 'panel login', 'aria-labelledby': 'login' },
        element('h1', { id: 'login' }, 'A token is needed'),
        element('p', {}, 'This writer answers only those who have its token. Whoever runs the beamline knows the file that it is in.'),
        element('form', { class: 'controls', onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void this.#send();
        } }, element('label', { class: 'field', for: 'token' }, element('span', {}, 'Token'), this.#input),
        element('button', { type: 'submit', class: 'button' }, 'Go on')),
        this.#problem);
    #onLogin;

    /** @param {() => void} onLogin */
    constructor(onLogin) {
        this.#onLogin = onLogin;
    }

    close() {}

    update() {}

    async #send() {
        try {
            await login(this.#input instanceof HTMLInputElement ? this.#input.value : '');
            this.#onLogin();
        } catch (error) {
            setText(this.#problem, problemOf(error));
        }
    }
}
