// @ts-check
/**
 * The first sentence of the page, how the page is connected, and the name in the tab of the browser.
 */

import { element, fill, icon, setAttribute, setText } from './elements.js';
import { count, countOf, percent } from './format.js';
import { signOfHead } from './outcome.js';
import { clock, fullTime, serverNow } from './times.js';

/** @import { Sign } from './outcome.js' */
/** @import { Connection } from './state-stream.js' */
/** @import { State } from './types.js' */

const WORDS = {
    connecting: 'Connecting',
    live: 'Live',
    asking: 'Every 10 s',
    lost: 'No connection',
    locked: 'Locked',
};

export class Head {
    #sentence;
    #connection;
    #old;
    #footer;
    #oldAge = element('span', { 'aria-hidden': 'true' });
    #shownHead = '';
    #shownFooter = '';
    /** Time of the server when the last state came. */
    #lastTime = 0;
    /** @type {Connection} */
    #kind = 'connecting';

    /**
     * @param {{sentence: HTMLElement, connection: HTMLElement, old: HTMLElement, footer: HTMLElement}} places
     */
    constructor({ sentence, connection, old, footer }) {
        this.#sentence = sentence;
        this.#connection = connection;
        this.#old = old;
        this.#footer = footer;
        setInterval(() => this.#showAge(), 1000);
    }

    /** @param {State} state */
    update(state) {
        this.#lastTime = serverNow();
        const { kind, text } = state.head;
        this.#say(signOfHead(kind), text);
        const [running] = state.scans;
        const progress = running?.expected ? ` ${percent(running.points, running.expected)}` : '';
        document.title = `${signOfHead(kind).word}${running ? ` · ${running.name}${progress}` : ''} – nexus-writer`;
        this.#updateFooter(state);
    }

    /**
     * @param {Sign} sign
     * @param {string} text
     */
    #say(sign, text) {
        const head = `${sign.word} ${text}`;
        if (head !== this.#shownHead) {
            this.#shownHead = head;
            fill(this.#sentence, element('span', { class: `sign ${sign.tone}` }, icon(sign.icon), element('span', {}, sign.word)),
                element('span', { class: 'sentence' }, text));
            setAttribute(this.#sentence, 'data-tone', sign.tone);
        }
    }

    /** @param {State} state */
    #updateFooter({ build, viewers, dropped }) {
        const texts = [`nexus-writer ${build.version}${build.commit ? ` (${build.commit.slice(0, 10)})` : ''}`, countOf(viewers, 'viewer')];
        if (dropped > 0) {
            texts.push(`${count(dropped)} blocks of data were not drawn; they are in the files`);
        }
        const footer = texts.join(' · ');
        if (footer !== this.#shownFooter) {
            this.#shownFooter = footer;
            setText(this.#footer, footer);
        }
    }

    /** @param {Connection} kind */
    connection(kind) {
        if (kind === this.#kind) {
            return;
        }
        this.#kind = kind;
        setAttribute(this.#connection, 'data-kind', kind);
        const name = { live: 'live', lost: 'bad', locked: 'locked' }[/** @type {string} */ (kind)] ?? 'waiting';
        fill(this.#connection, icon(name), element('span', {}, WORDS[kind]));
        const isLost = kind === 'lost';
        document.body.classList.toggle('is-old', isLost && this.#lastTime > 0);
        this.#old.hidden = !isLost;
        if (isLost) {
            this.#say({ word: 'Not known', icon: 'waiting', tone: 'warn' }, 'The writer does not answer.');
            document.title = 'No connection – nexus-writer';
            const last = new Date(this.#lastTime);
            const text = this.#lastTime > 0
                ? `What is shown is old: it is from ${clock(last, { seconds: true })}. `
                : 'Nothing has been received yet. ';
            fill(this.#old, icon('bad'), element('span', { title: this.#lastTime > 0 ? fullTime(last) : null },
                text, 'This page tries again by itself. ', this.#oldAge));
            this.#showAge();
        } else {
            fill(this.#old);
        }
    }

    /** The age is not read out each second: it is hidden from screen readers, which have the time. */
    #showAge() {
        if (this.#kind === 'lost' && this.#lastTime > 0) {
            setText(this.#oldAge, `(${Math.max(0, Math.round((serverNow() - this.#lastTime) / 1000))} s old)`);
        }
    }
}
