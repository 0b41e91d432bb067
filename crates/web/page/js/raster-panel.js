// @ts-check
/**
 * A map of a grid scan, or the last image of a detector.
 */

import { getRaster, problemOf } from './api.js';
import { channelsToPlot, namesWithUnits, shortNames } from './channels.js';
import { choice, choose } from './choices.js';
import { element } from './elements.js';
import { count } from './format.js';
import { checkbox, Panel, select } from './panel.js';
import { RasterPicture, statistics } from './raster-picture.js';

/** @import { Orientation } from './raster.js' */
/** @import { DetailedScan, Raster } from './types.js' */

export class RasterPanel {
    #scan;
    #kind;
    #channel;
    #shortName;
    #nameWithUnit;
    /** @type {Orientation} */
    #orientation;
    #isLog;
    #panel;
    #picture = new RasterPicture();
    /** @type {Raster | null} */
    #raster = null;

    /**
     * @param {DetailedScan} scan
     * @param {'map' | 'image'} kind
     * @param {string[]} channels at least one
     */
    constructor(scan, kind, channels) {
        this.#scan = scan;
        this.#kind = kind;
        const chosen = choice(scan.session, `${kind}/channel`, '');
        this.#channel = [chosen, ...channelsToPlot(scan)].find(name => channels.includes(name)) ?? channels[0];
        this.#shortName = shortNames(scan.channels);
        this.#nameWithUnit = namesWithUnits(scan.channels);
        // Positions of motors grow upwards, rows of images downwards.
        this.#orientation = choice(scan.session, `${kind}/orientation`,
            { transpose: false, flipRows: kind === 'map', flipColumns: false });
        this.#isLog = choice(scan.session, `${kind}/log`, false);
        this.#panel = new Panel(kind === 'map' ? 'Map' : 'Last image', () => this.#picture.table());
        this.#addControls(channels);
        this.#panel.body.append(this.#picture.element);
        this.#picture.element.hidden = true;
    }

    get element() {
        return this.#panel.element;
    }

    /** Nothing outside knows the panel. */
    close() {}

    /** @param {string[]} channels */
    #addControls(channels) {
        const { session } = this.#scan;
        const turn = (/** @type {keyof Orientation} */ what) => (/** @type {boolean} */ isSo) => {
            this.#orientation = { ...this.#orientation, [what]: isSo };
            choose(session, `${this.#kind}/orientation`, this.#orientation);
            this.#draw();
        };
        this.#panel.controls.append(
            select('Channel', channels.map(name => ({ value: name, text: this.#shortName(name) })), this.#channel, name => {
                this.#channel = name;
                choose(session, `${this.#kind}/channel`, name);
                void this.refresh();
            }),
            checkbox('Logarithmic', this.#isLog, isSo => {
                this.#isLog = isSo;
                choose(session, `${this.#kind}/log`, isSo);
                this.#draw();
            }),
            element('details', { class: 'menu' }, element('summary', {}, 'Turn'), element('div', { class: 'menu-body' },
                checkbox('Swap rows and columns', this.#orientation.transpose, turn('transpose')),
                checkbox('First row at the bottom', this.#orientation.flipRows, turn('flipRows')),
                checkbox('Mirrored', this.#orientation.flipColumns, turn('flipColumns')))));
    }

    /** Asks for the values, and draws them. */
    async refresh() {
        const channel = this.#channel;
        try {
            const raster = await getRaster(this.#scan.key, this.#kind, channel);
            if (channel !== this.#channel) {
                return;
            }
            this.#raster = raster;
            this.#panel.note(raster ? '' : 'There is no image yet.');
            this.#picture.element.hidden = !raster;
            this.#draw();
        } catch (error) {
            this.#panel.note(problemOf(error));
        }
    }

    #draw() {
        const raster = this.#raster;
        if (!raster) {
            this.#panel.updateValues();
            return;
        }
        const { index } = raster;
        this.#picture.show(raster, {
            orientation: this.#orientation, isLog: this.#isLog, axes: this.#axes(), name: this.#channel,
            description: this.#description(raster),
            idle: this.#kind === 'image' && index !== null ? `Point ${count(index)} of the scan` : ' ',
        });
        this.#panel.updateValues();
    }

    /**
     * Names what grows down and across the untransposed picture.
     * @returns {[string, string]}
     */
    #axes() {
        const { grid } = this.#scan;
        return this.#kind === 'map' && grid && grid.axes.length === 2 && grid.shape.length === 2
            ? [this.#nameWithUnit(grid.axes[0]), this.#nameWithUnit(grid.axes[1])]
            : ['row', 'column'];
    }

    /** @param {Raster} raster */
    #description({ rows, columns, values, index }) {
        const { measured } = statistics(values);
        return this.#kind === 'map'
            ? `Map of ${this.#channel}, ${count(rows)} by ${count(columns)} points, ${count(measured)} measured.`
            : `Image of ${this.#channel}${index === null ? '' : ` at point ${count(index)}`}, ${count(rows)} by ${count(columns)} pixels.`;
    }
}
